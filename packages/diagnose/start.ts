import { monotonicMs } from "@unblock/measure/clock";
import type { Diagnosis } from "./diagnosis.ts";
import { DescriptorOutput, openJsonOutput, unblockStandardError } from "./output.ts";
import { jsonLines, jsonReport, LiveReport, renderNews, renderReport } from "./report.ts";
import { provideText } from "./source.ts";
import { codeFlags, shownPath } from "./stack.ts";
import { roundMs, watchService } from "./watch-service.ts";

/**
 * Watches the program that Node is about to load, and reports at its end, on SIGUSR2, and live if asked to,
 * without changing what the program does.
 *
 * @param modes `watch` to report each diagnosis as soon as it is made; `json=PID` for JSON lines to the descriptor that
 *   this process has for them, and `json` for JSON lines on standard error
 */
export async function startDiagnosing(modes: URLSearchParams): Promise<void> {
  unblockStandardError();
  provideEvaluatedCode();
  const isJson = modes.has("json");
  const jsonPid = Number(modes.get("json"));
  const output = jsonPid > 0 ? openJsonOutput(jsonPid) : new DescriptorOutput();
  const service = await watchService();
  const live = new LiveReport();
  let isOver = false;
  const guarded = async (work: () => void | Promise<void>) => {
    try {
      await work();
    } catch (error) {
      if (!isOver) {
        isOver = true;
        clearInterval(timer);
        const problem = `stopped watching because of an error of its own: ${error}`;
        const json = JSON.stringify({ type: "error", pid: process.pid, problem });
        output.write(`${isJson ? json : `unblock diagnose: ${problem}`}\n`);
      }
    }
  };
  const report = (diagnoses: readonly Diagnosis[], hasEnded: boolean) => {
    const watched = {
      program: programName(),
      watchedMs: monotonicMs() - service.beganMs,
      loadError: service.loadError(),
      hasEnded,
    };
    output.write((isJson ? jsonReport : renderReport)(watched, diagnoses));
  };
  const round = async () => {
    await service.round();
    if (modes.has("watch")) {
      const news = live.take(service.soFar(), monotonicMs());
      const diagnoses = news.map(({ diagnosis }) => diagnosis);
      output.write(isJson ? jsonLines(diagnoses) : renderNews(news));
    }
  };
  const timer = setInterval(() => guarded(round), roundMs).unref();
  const end = () => {
    if (isOver) {
      return;
    }
    isOver = true;
    clearInterval(timer);
    const diagnoses = service.stop();
    // A forked process is one of many, and reports only what was found.
    if (process.send === undefined || diagnoses.length > 0) {
      report(diagnoses, true);
    }
    output.flush();
  };
  process.once("exit", () => guarded(end));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    endOn(signal, () => guarded(end));
  }
  if (process.platform !== "win32") {
    process.on("SIGUSR2", () => guarded(() => report(service.diagnoses(), false)));
  }
}

/**
 * Calls a function before a signal ends the process, which it then does as without this. If the program listens for
 * the signal itself, nothing is called.
 */
function endOn(signal: NodeJS.Signals, work: () => void): void {
  const onSignal = () => {
    if (process.listenerCount(signal) === 1) {
      work();
      process.off(signal, onSignal);
      process.kill(process.pid, signal);
    }
  };
  // Before other listeners, as a once() listener is removed before it is called.
  process.prependListener(signal, onSignal);
}

/** Makes the code of `node -e` known, whose lines are in no file. */
function provideEvaluatedCode(): void {
  const at = process.execArgv.findIndex((argument) => codeFlags.test(argument));
  const flag = process.execArgv[at] ?? "";
  const code = flag.includes("=") ? flag.slice(flag.indexOf("=") + 1) : process.execArgv[at + 1];
  if (flag !== "" && code !== undefined) {
    provideText("[eval]", code);
  }
}

/** Name for people of the program that Node runs in this process. */
function programName(): string {
  const [, program] = process.argv;
  const flag = process.execArgv.find((argument) => codeFlags.test(argument));
  if (flag !== undefined) {
    return `code of ${flag}`;
  }
  return program === undefined || program === "-" ? "standard input" : shownPath(program);
}

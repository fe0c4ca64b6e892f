import { monotonicMs } from "@unblock/measure/clock";
import type { Diagnosis } from "./diagnosis.ts";
import { DescriptorOutput, openJsonOutput, unblockStandardError } from "./output.ts";
import { programName, provideEvaluatedCode } from "./program.ts";
import { jsonLines, jsonReport, LiveReport, renderNews, renderReport } from "./report.ts";
import { roundMs, watchService } from "./watch-service.ts";

export interface DiagnoseModes {
  /** Whether each diagnosis is reported as soon as it is made. */
  readonly isLive: boolean;
  /** Process that has a descriptor for JSON lines; 0 for JSON lines on standard error; undefined for text. */
  readonly jsonPid: number | undefined;
}

/**
 * Watches the program that Node is about to load, and reports at its end, on SIGUSR2, and live if asked to,
 * without changing what the program does.
 */
export async function startDiagnosing({ isLive, jsonPid }: DiagnoseModes): Promise<void> {
  unblockStandardError();
  provideEvaluatedCode();
  const isJson = jsonPid !== undefined;
  const output = isJson && jsonPid !== 0 ? openJsonOutput(jsonPid) : new DescriptorOutput();
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
      pid: process.pid,
      watchedMs: monotonicMs() - service.beganMs,
      loadError: service.loadError(),
      hasEnded,
    };
    output.write((isJson ? jsonReport : renderReport)(watched, diagnoses));
  };
  const round = async () => {
    await service.round();
    if (isLive) {
      const news = live.take(service.soFar(), monotonicMs());
      const diagnoses = news.map(({ diagnosis }) => diagnosis);
      output.write(isJson ? jsonLines(process.pid, diagnoses) : renderNews(news));
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

import { monotonicMs } from "@unblock/measure/clock";
import type { Diagnosis } from "./diagnosis.ts";
import { DescriptorOutput, openJsonOutput, unblockStandardError } from "./output.ts";
import { programName, provideEvaluatedCode } from "./program.ts";
import { jsonLines, jsonReport, LiveReport, renderNews, renderReport } from "./report.ts";
import { isOwnCode } from "./stack.ts";
import { roundMs, watchService } from "./watch-service.ts";

export interface DiagnoseModes {
  /** Whether each diagnosis is reported as soon as it is made. */
  readonly isLive: boolean;
  /**
   * Process that has a descriptor for JSON lines; 0 for JSON lines on standard error; undefined for text.
   */
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
  const service = await watchService(isOwnCode);
  const live = new LiveReport();
  let isOver = false;
  const fail = (error: unknown) => {
    if (!isOver) {
      isOver = true;
      clearInterval(timer);
      const problem = `stopped watching because of an error of its own: ${error}`;
      output.write(
        isJson
          ? `${JSON.stringify({ type: "error", pid: process.pid, problem })}\n`
          : `unblock diagnose: ${problem}\n`,
      );
    }
  };
  const guarded = (work: () => void) => () => {
    try {
      work();
    } catch (error) {
      fail(error);
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
    output.write(isJson ? jsonReport(watched, diagnoses) : renderReport(watched, diagnoses));
  };

  const round = async () => {
    await service.round();
    if (isLive) {
      const news = live.take(service.soFar(), monotonicMs());
      const diagnoses = news.map(({ diagnosis }) => diagnosis);
      output.write(isJson ? jsonLines(process.pid, diagnoses) : renderNews(news));
    }
  };
  const timer = setInterval(() => round().catch(fail), roundMs).unref();
  const end = guarded(() => {
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
  });
  process.once("exit", end);
  onFatalSignal(end);
  if (process.platform !== "win32") {
    process.on(
      "SIGUSR2",
      guarded(() => report(service.diagnoses(), false)),
    );
  }
}

/**
 * Calls a function before SIGINT, SIGTERM or SIGHUP ends the process, which it then does as without this. If the
 * program listens for the signal itself, nothing is called.
 */
function onFatalSignal(work: () => void): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    let others = 0;
    const isOthers = (name: string | symbol, listener: unknown) =>
      name === signal && listener !== onSignal;
    const onNewListener = (name: string | symbol, listener: unknown) => {
      others += isOthers(name, listener) ? 1 : 0;
    };
    const onRemoveListener = (name: string | symbol, listener: unknown) => {
      if (isOthers(name, listener)) {
        // A once() listener is removed before it is called, and counts until it has been called.
        queueMicrotask(() => others--);
      }
    };
    const onSignal = () => {
      if (others === 0) {
        work();
        process.off("newListener", onNewListener);
        process.off("removeListener", onRemoveListener);
        process.off(signal, onSignal);
        process.kill(process.pid, signal);
      }
    };
    process.on(signal, onSignal);
    process.on("newListener", onNewListener);
    process.on("removeListener", onRemoveListener);
  }
}

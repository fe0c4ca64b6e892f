import { monotonicMs } from "../../registry/clock.ts";
import type { Diagnosis } from "./diagnosis.ts";
import { ErrorOutput, unblockStandardError } from "./error-output.ts";
import { openJsonOutput } from "./finding-output.ts";
import { LiveReport } from "./live.ts";
import { isOwnCode } from "./own-code.ts";
import { programName, provideProgram } from "./program.ts";
import { renderReport } from "./report.ts";
import { jsonLines, jsonReport } from "./report-json.ts";
import { onFatalSignal } from "./signals.ts";
import { roundMs, watchService } from "./watch-service.ts";

export interface DiagnoseModes {
  /** Whether each diagnosis is reported as soon as it is made. */
  readonly isLive: boolean;
  /**
   * The process that gives JSON lines on a descriptor of its own, 0 for JSON lines on standard error;
   * undefined for text.
   */
  readonly jsonPid: number | undefined;
}

/**
 * Watches the program that Node is about to load, and reports at its end, on SIGUSR2, and live as it
 * goes. The program itself is to notice nothing.
 */
export async function startDiagnosing({ isLive, jsonPid }: DiagnoseModes): Promise<void> {
  unblockStandardError();
  provideProgram();
  const isJson = jsonPid !== undefined;
  const output = isJson && jsonPid !== 0 ? openJsonOutput(jsonPid) : new ErrorOutput();
  const service = await watchService(isOwnCode);
  const live = new LiveReport();
  let isOver = false;
  const fail = (error: unknown) => {
    if (!isOver) {
      isOver = true;
      clearInterval(timer);
      const problem = `stopped watching, and the fault is its own: ${error}`;
      output.write(
        isJson
          ? `${JSON.stringify({ type: "error", pid: process.pid, problem })}\n`
          : `unblock diagnose: ${problem}\n`,
      );
    }
  };
  const carefully = (work: () => void) => {
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
      output.write(
        isJson
          ? jsonLines(
              process.pid,
              news.map(({ diagnosis }) => diagnosis),
            )
          : live.render(news),
      );
    }
  };
  const timer = setInterval(() => round().catch(fail), roundMs).unref();
  const end = () => {
    if (isOver) {
      return;
    }
    isOver = true;
    clearInterval(timer);
    const diagnoses = service.stop();
    // A process that was forked is one of many, and has nothing to say when all is well.
    if (process.send === undefined || diagnoses.length > 0) {
      report(diagnoses, true);
    }
    output.flush();
  };
  process.once("exit", () => carefully(end));
  onFatalSignal(() => carefully(end));
  if (process.platform !== "win32") {
    process.on("SIGUSR2", () => carefully(() => report(service.diagnoses(), false)));
  }
}

import { monotonicMs } from "../../registry/clock.ts";
import type { Diagnosis } from "./diagnosis.ts";
import { ErrorOutput, unblockStandardError } from "./error-output.ts";
import { LiveReport } from "./live.ts";
import { isOwnCode, shownPath } from "./own-code.ts";
import { renderReport } from "./report.ts";
import { onFatalSignal } from "./signals.ts";
import { roundMs, type ServiceWatch, watchService } from "./watch-service.ts";

/**
 * Watches the program that Node is about to load, and reports on standard error: at its end, on
 * SIGUSR2, and with `isLive` as it goes. The program itself is to notice nothing.
 */
export async function startDiagnosing(isLive: boolean): Promise<void> {
  unblockStandardError();
  const output = new ErrorOutput();
  const service = await watchService(isOwnCode);
  const live = new LiveReport();
  let isOver = false;
  const fail = (error: unknown) => {
    if (!isOver) {
      isOver = true;
      clearInterval(timer);
      output.write(`unblock diagnose: stopped watching, and the fault is its own: ${error}\n`);
    }
  };
  const carefully = (work: () => void) => {
    try {
      work();
    } catch (error) {
      fail(error);
    }
  };

  const round = async () => {
    await service.round();
    if (isLive) {
      output.write(live.render(service.soFar(), monotonicMs()));
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
      output.write(reportOf(service, diagnoses));
    }
    output.flush();
  };
  process.once("exit", () => carefully(end));
  onFatalSignal(() => carefully(end));
  if (process.platform !== "win32") {
    process.on("SIGUSR2", () =>
      carefully(() => output.write(reportOf(service, service.diagnoses()))),
    );
  }
}

function reportOf({ beganMs }: ServiceWatch, diagnoses: readonly Diagnosis[]): string {
  const program = process.argv[1] === undefined ? "no program" : shownPath(process.argv[1]);
  const watchedMs = monotonicMs() - beganMs;
  return renderReport({ program, pid: process.pid, watchedMs }, diagnoses);
}

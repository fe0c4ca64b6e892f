import { writeSync } from "node:fs";
import { monotonicMs } from "../../registry/clock.ts";
import type { Diagnosis } from "./diagnosis.ts";
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
  const service = await watchService(isOwnCode);
  const live = new LiveReport();
  let isOver = false;
  const fail = (error: unknown) => {
    if (!isOver) {
      isOver = true;
      clearInterval(timer);
      say(`unblock diagnose: stopped watching, and the fault is its own: ${error}\n`);
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
      say(live.render(service.soFar(), monotonicMs()));
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
      say(reportOf(service, diagnoses));
    }
  };
  process.once("exit", () => carefully(end));
  onFatalSignal(() => carefully(end));
  if (process.platform !== "win32") {
    process.on("SIGUSR2", () => carefully(() => say(reportOf(service, service.diagnoses()))));
  }
}

function reportOf({ beganMs }: ServiceWatch, diagnoses: readonly Diagnosis[]): string {
  const program = process.argv[1] === undefined ? "no program" : shownPath(process.argv[1]);
  const watchedMs = monotonicMs() - beganMs;
  return renderReport({ program, pid: process.pid, watchedMs }, diagnoses);
}

/** Without process.stderr, where a reader who has gone makes an error that ends the process. */
function say(text: string): void {
  try {
    let rest = Buffer.from(text);
    while (rest.length > 0) {
      rest = rest.subarray(writeSync(2, rest));
    }
  } catch {
    // Nobody reads it, or not fast enough.
  }
}

import type { Diagnosis } from "../../diagnose/diagnosis.ts";

/** @param message how many processes, and such as which */
export function leftBehind(message: string, processes: number): Diagnosis {
  return {
    name: "left-behind",
    finding: `${message}; the check ended them.`,
    nextStep:
      "Have each process end when its parent's channel closes (process.on('disconnect', process.exit)), or end it on SIGTERM; detached ones outlive whoever started them.",
    numbers: { processes_left: processes },
  };
}

import type { Diagnosis } from "./diagnosis.ts";
import { inWords, rounded, times } from "./numbers.ts";
import type { PauseReading } from "./pauses.ts";

export function diagnosePauses({ count, totalMs, longestMs }: PauseReading): Diagnosis | undefined {
  if (count === 0) {
    return undefined;
  }
  const howLong =
    count === 1
      ? `for ${inWords(totalMs)}`
      : `${times(count)}, for ${inWords(longestMs)} at the longest and ${inWords(totalMs)} in all`;
  return {
    name: "process-paused",
    finding: `The whole process was stopped from outside ${howLong}: all of its threads stood still at once, and none was waiting for a core. SIGSTOP (kill -STOP, Ctrl-Z), a debugger, a paused container (docker pause) or a machine that stands still do that.`,
    nextStep: "Find out who pauses it: nothing in the program does, and nothing there can help.",
    numbers: { pauses: count, paused_ms: rounded(totalMs), longest_ms: rounded(longestMs) },
  };
}

/**
 * Letter of the exercise that teaches how to avoid a mistake, by the diagnosis's name. Diagnoses
 * without an entry concern every exercise (a wrong response) or not the code (a paused process).
 */
export const taughtBy: Readonly<Record<string, string>> = {
  "loop-blocked-by-waiting": "A",
  "loop-blocked-by-cpu": "C",
  "cpu-behind-a-promise": "C",
  "libuv-pool-saturated": "D",
  sequential: "H",
  "pool-too-small": "A",
  "more-threads-than-cores": "C",
  "lost-on-abort": "G",
  "lost-at-shutdown": "G",
  "reply-waits-for-work": "G",
  "unhandled-rejection": "G",
  "signal-ignored": "B",
  "not-exported": "C",
  "mixed-up-calls": "E",
  "fails-beside-others": "E",
  "stale-value": "E",
  "asks-too-often": "E",
  "connection-per-call": "E",
  "answer-not-from-backend": "B",
  "retries-without-end": "B",
  "body-not-read": "B",
  "hides-failure": "H",
  "work-skipped": "C",
  "executor-per-call": "C",
  "left-behind": "C",
  "loop-kept-busy": "C",
};

/** @returns undefined when no exercise teaches it */
export function exerciseFor(diagnosis: string): string | undefined {
  return taughtBy[diagnosis];
}

import type { DiagnosisName } from "../diagnose/diagnosis.ts";

/** What the checker is to say of a wrong answer. */
export interface WrongAnswer {
  /** Its file in this folder. */
  readonly file: string;
  /** The mistake to mend first. */
  readonly diagnosis: DiagnosisName;
  /** One that it names as well. */
  readonly also?: DiagnosisName;
  /**
   * "counts": counts, order or place give it away, so it fails however busy the machine is. "time":
   * only how long something takes gives it away, so a busy machine may leave it open.
   */
  readonly restsOn: "counts" | "time";
}

const onTime = (file: string, diagnosis: DiagnosisName): WrongAnswer => ({
  file,
  diagnosis,
  restsOn: "time",
});
const onCounts = (file: string, diagnosis: DiagnosisName, also?: DiagnosisName): WrongAnswer => ({
  file,
  diagnosis,
  ...(also && { also }),
  restsOn: "counts",
});

/** Every file of this folder but this one. */
export const wrongAnswers: readonly WrongAnswer[] = [
  onCounts("a-blocks-in-async-function.ts", "loop-blocked-by-waiting"),
  onCounts("a-blocks-in-a-later-turn.ts", "loop-blocked-by-waiting", "wrong-place"),
  onCounts("a-one-at-a-time.ts", "sequential"),
  onCounts("a-cpu-workers.ts", "wrong-place"),
  onCounts("a-ignores-the-signal.ts", "signal-ignored"),
  onCounts("a-invents-the-email.ts", "wrong-answer"),

  onCounts("b-blocking-client.ts", "loop-blocked-by-waiting", "wrong-place"),
  onCounts("b-one-at-a-time.ts", "sequential"),
  onTime("b-waits-first.ts", "slower-than-its-work"),
  onCounts("b-ignores-the-signal.ts", "signal-ignored"),
  onCounts("b-invents-the-weather.ts", "wrong-answer"),

  onCounts("c-inline.ts", "loop-blocked-by-cpu"),
  onCounts("c-async-function.ts", "cpu-behind-a-promise"),
  onCounts("c-in-a-later-turn.ts", "cpu-behind-a-promise", "wrong-place"),
  onCounts("c-in-slices.ts", "cpu-behind-a-promise"),
  onCounts("c-a-worker-a-call.ts", "more-threads-than-cores"),
  onCounts("c-sixteen-threads.ts", "more-threads-than-cores", "wrong-place"),
  onCounts("c-ignores-the-signal.ts", "signal-ignored"),
  onCounts("c-computes-to-the-end.ts", "signal-ignored"),
  onCounts("c-a-round-too-many.ts", "wrong-answer"),

  onCounts("d-read-file-sync.ts", "loop-blocked-by-waiting"),
  onCounts("d-four-threads.ts", "libuv-pool-saturated"),
  onCounts("d-threads-not-libuv.ts", "wrong-place"),
  onCounts("d-reads-once.ts", "wrong-answer"),
  onCounts("d-one-at-a-time.ts", "sequential"),
  onCounts("d-ignores-the-signal.ts", "signal-ignored"),

  onCounts("e-blocking-client.ts", "loop-blocked-by-waiting", "wrong-place"),
  onCounts("e-threads.ts", "sequential"),
  onCounts("e-one-at-a-time.ts", "sequential"),
  onTime("e-computes-on-the-way.ts", "cpu-behind-a-promise"),
  onCounts("e-always-a-hit.ts", "wrong-answer"),

  onCounts("f-inference-on-the-loop.ts", "cpu-behind-a-promise"),
  onCounts("f-blocks-for-the-download.ts", "loop-blocked-by-waiting"),
  onCounts("f-a-worker-a-picture.ts", "more-threads-than-cores"),
  onCounts("f-downloads-in-turn.ts", "sequential"),
  onCounts("f-downloads-in-workers.ts", "wrong-place"),
  onCounts("f-ignores-the-signal.ts", "signal-ignored"),

  onCounts("g-awaits.ts", "reply-waits-for-work"),
  onCounts("g-with-the-calls-signal.ts", "lost-on-abort"),
  // Often no request even begins, as the signal has aborted: the place counts a task that failed.
  onCounts("g-background-with-the-calls-signal.ts", "lost-on-abort"),
  onCounts("g-without-an-owner.ts", "lost-at-shutdown"),
  onCounts("g-nobody-handles-a-failure.ts", "unhandled-rejection", "lost-at-shutdown"),
  onCounts("g-another-field.ts", "wrong-answer"),

  onCounts("h-in-turn.ts", "sequential"),
  onCounts("h-awaits-inside-all.ts", "sequential", "wrong-place"),
  onCounts("h-two-batches.ts", "sequential"),
  onCounts("h-ignores-the-signal.ts", "signal-ignored"),
  onCounts("h-asks-one-twice.ts", "wrong-answer"),
];

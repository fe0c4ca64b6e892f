import type { Exercise } from "../../../registry/exercises.ts";
import { BlockageTally } from "../../diagnose/blocked-loop.ts";
import type { Diagnosis, DiagnosisName } from "../../diagnose/diagnosis.ts";
import { loopCpuMsOf } from "../measure/evidence.ts";
import { bystanderMs, type Measured } from "../measure/measured.ts";
import { round } from "../numbers.ts";
import type { Held } from "../place/where-it-ran.ts";

/**
 * The event loop stood still while a burst was served: the counts say so and name it; where, and for how
 * long, is what those say who watched the loop.
 */
export function loopBlocked(exercise: Exercise, held: Held, measured: Measured): Diagnosis {
  const { observed, loop, usage } = measured.best;
  const loopCpuMs = loopCpuMsOf(measured.best);
  const name = nameOf(held, observed.handler.isAsync);
  const tally = new BlockageTally();
  tally.add(observed.blockages);
  const all = tally.diagnoses();
  const seen = all.find((one) => one.name === name);
  const line = (seen ?? all.find((one) => one.line !== undefined))?.line;
  const lateMs = round(bystanderMs(measured));
  const calls = usage[held].onLoop;
  return {
    name,
    finding: [
      calls > 0
        ? `${calls} ${held === "waiting" ? "blocking calls were made" : "computations ran"} on the event loop, one after another.`
        : "",
      seen?.finding ??
        `The event loop computed for ${round(loopCpuMs)} ms in ${round(measured.best.burst.wallMs)} ms.`,
      `Everybody else who called waited, up to ${lateMs} ms.`,
    ]
      .filter((sentence) => sentence !== "")
      .join(" "),
    ...(line === undefined ? {} : { line }),
    nextStep: twinOf(line?.what) ?? nextStep(exercise, held),
    numbers: {
      ...seen?.numbers,
      calls_on_loop: calls,
      loop_cpu_ms: round(loopCpuMs),
      loop_utilization: round(loop.utilization),
      bystander_p90_ms: lateMs,
    },
  };
}

function nameOf(held: Held, isAsync: boolean): DiagnosisName {
  if (held === "waiting") {
    return "loop-blocked-by-waiting";
  }
  return isAsync ? "cpu-behind-a-promise" : "loop-blocked-by-cpu";
}

/** A synchronous function of Node's that has an asynchronous one beside it. */
function twinOf(called: string | undefined): string | undefined {
  const [, name] = /\b([a-z]\w*)Sync\b/.exec(called ?? "") ?? [];
  return name === undefined
    ? undefined
    : `Await its asynchronous twin, ${name} (node:fs/promises, or promisify), for which another thread or process waits or computes.`;
}

/** The places here have names, which elsewhere they have not. */
function nextStep({ strategies }: Exercise, held: Held): string {
  if (held === "computing") {
    return "Export what computes as a function, and run it in one of the pools: only another core helps, neither a promise nor a later turn.";
  }
  return strategies.some(({ name }) => name === "async")
    ? "Await the client that does not block; or, if it has to be this one, run it in the pool for calls that wait."
    : "Export what blocks as a function, and run it in the pool for calls that wait.";
}

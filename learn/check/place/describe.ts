import type { Exercise } from "../../../registry/exercises.ts";
import { callsOf, cpuMsOf, type Evidence, loopCpuMsOf, workOf } from "../measure/evidence.ts";
import { round } from "../numbers.ts";
import { planOf } from "../plan.ts";

/** What the evidence of a burst shows of where it ran, in a few words with numbers. */
export function describeEvidence(exercise: Exercise, evidence: Evidence): string {
  return evidenceParts(exercise, evidence).join(", ");
}

/** The same, a figure or two each. */
export function evidenceParts(exercise: Exercise, evidence: Evidence): string[] {
  const { observed, loop, tree, usage } = evidence;
  const { waiting, computing } = usage;
  const threads = Math.max(waiting.otherThreads, computing.otherThreads);
  const places = ["threads", "workers", "processes"]
    .map((name) => ({ name, ...workOf(evidence, name) }))
    .filter(({ completed }) => completed > 0)
    .map(
      ({ name, completed, mostRunning, cpuMs }) =>
        `${completed} tasks in ${name}, ${mostRunning} at once, ${round(cpuMs)} ms of CPU`,
    );
  const backend = planOf(exercise).backend;
  const parts = [
    waiting.onLoop > 0 ? `${waiting.onLoop} blocking calls on the event loop` : "",
    computing.onLoop > 0 ? `${computing.onLoop} computations on the event loop` : "",
    ...places,
    threads > 0 ? `on ${threads} threads` : "",
    observed.newThreads > 0 ? `${observed.newThreads} threads started for it` : "",
    observed.newProcesses > 0 ? `${observed.newProcesses} processes started for it` : "",
    (tree?.childrenCpuMs ?? 0) > 0
      ? `${round(tree?.childrenCpuMs ?? 0)} ms of CPU in processes of its own`
      : "",
    backend === undefined
      ? ""
      : `the ${backend.name} saw ${callsOf(evidence, backend.name).mostInProgress} calls at once`,
    `event loop ${percent(loop.utilization)} busy, ${round(loopCpuMsOf(evidence))} of ${round(cpuMsOf(evidence))} ms of CPU`,
    `libuv's pool answered within ${round(observed.pool.longestWaitMs)} ms`,
  ];
  return parts.filter((part) => part !== "");
}

function percent(part: number): string {
  return `${Math.round(part * 100)} %`;
}

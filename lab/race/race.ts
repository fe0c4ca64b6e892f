import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { create, fromJson, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import type { Strategy } from "../../gen/unblock/v1/exercise_pb.ts";
import { RaceRequestSchema, RaceResponseSchema } from "../../gen/unblock/v1/lab_pb.ts";
import { BurstClient, restMs } from "../../loadtest/burst-client.ts";
import { readCores } from "../../measure/cores.ts";
import { disturbanceBetween, readMachine, whyDisturbed } from "../../measure/disturbance.ts";
import { timeFixedWork } from "../../measure/speed.ts";
import { type Exercise, findExercise } from "../../registry/exercises.ts";
import type { RaceOrder } from "../../registry/fired-runs.ts";
import { expectedOf } from "../expected.ts";
import { judge } from "../judge.ts";
import type { Measurement } from "../measurement.ts";
import type { Tell } from "../obey.ts";
import { summaryOf } from "../summary.ts";
import { warmUp } from "../warm-up.ts";
import { BurstTeller } from "./burst-teller.ts";
import { figuresOf } from "./figures.ts";

/** A call that takes longer has failed, in milliseconds. */
const callTimeoutMs = 60_000;

/** Fires a burst with each strategy, one after another, and tells of it as it happens. */
export async function race(order: RaceOrder, tell: Tell): Promise<void> {
  const request = fromJson(RaceRequestSchema, order.request);
  const exercise = findExercise(request.exercise);
  if (exercise === undefined) {
    throw new Error(`Expected an exercise's letter, got "${request.exercise}"`);
  }
  const tellEvent = (event: NonNullable<MessageInitShape<typeof RaceResponseSchema>["event"]>) => {
    const message = create(RaceResponseSchema, { event });
    tell({ kind: "event", event: toJson(RaceResponseSchema, message) });
  };
  const calls = request.calls || exercise.burst.calls;
  // Ideal, expected and summary are those of the burst that is fired.
  const raced: Exercise = { ...exercise, burst: { ...exercise.burst, calls } };
  const client = await BurstClient.open(order.baseUrl, callTimeoutMs);
  const cores = readCores();
  const cpuWorkers = order.seats.workers ?? cores.cpus.length;
  const measured: Measurement[] = [];
  for (const strategy of strategiesOf(exercise, request.strategies)) {
    await warmUp(client, exercise, strategy);
    await setTimeout(restMs);
    // The server started this process: both, and what they start, are measured and no disturbance.
    const speedBefore = timeFixedWork();
    const before = readMachine(cores, process.ppid);
    const go = once(process, "message");
    tellEvent({ case: "burstBegan", value: { strategy: strategy.name, calls } });
    tell({ kind: "burst-ready" });
    await go;
    const teller = new BurstTeller(
      (originMs) => tell({ kind: "burst-began", originMs }),
      (value) => tellEvent({ case: "burstProgress", value }),
    );
    const burst = await client.fire(raced, strategy.name, calls, teller);
    const disturbance = disturbanceBetween(before, readMachine(cores, process.ppid));
    const speedAfter = timeFixedWork();
    tell({ kind: "burst-over" });
    teller.end();
    const sample = {
      ...{ round: 0, wallMs: burst.wallMs, ...expectedOf(raced, burst.calls, cores) },
      ...{ burst: burst.calls, calls: burst.calls, probeMs: burst.bystanderMs },
      ...{ loopDelayMaxMs: 0, speedMs: (speedBefore + speedAfter) / 2, serverCpuMs: undefined },
      disturbedBy: whyDisturbed(disturbance, cores, [speedBefore, speedAfter]),
    };
    const subject = { exercise: raced, strategy, cpuWorkers, isOneWorker: false };
    // One burst confirms no surprise; what a burst of another size does is none.
    const ofSurprise = calls === exercise.burst.calls ? 2 : 1;
    const measurement = judge(subject, [sample], { samples: 1, ofSurprise }, undefined);
    tellEvent({ case: "burstEnded", value: { figures: figuresOf(measurement) } });
    measured.push(measurement);
  }
  tellEvent({ case: "kept", value: { sentence: describe(measured, cores.usable) } });
  await client.close();
}

function strategiesOf(exercise: Exercise, names: readonly string[]): Strategy[] {
  return names.flatMap((name) => exercise.allStrategies.filter((one) => one.name === name));
}

function describe(measured: readonly Measurement[], usableCores: number): string {
  const failures = measured
    .filter(({ errors }) => errors > 0)
    .map(
      ({ strategy, errors, exercise, firstError }) =>
        `With ${strategy.name} ${errors} of ${exercise.burst.calls} calls failed: ${firstError}`,
    );
  // How long it takes to fail says nothing about a strategy.
  const succeeded = measured.filter(({ errors }) => errors === 0);
  return [summaryOf(succeeded, usableCores), ...failures].filter((part) => part !== "").join(" ");
}

import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { create, fromJson, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import type { Strategy } from "../../gen/unblock/v1/exercise_pb.ts";
import { RaceRequestSchema, RaceResponseSchema } from "../../gen/unblock/v1/lab_pb.ts";
import { BurstClient, restMs } from "../../loadtest/burst-client.ts";
import { describeMachine } from "../../machine/quiet.ts";
import { type Exercise, findExercise } from "../../registry/exercises.ts";
import type { RaceOrder } from "../../registry/fired-runs.ts";
import type { Tell } from "../obey.ts";
import type { Measurement } from "../result.ts";
import { sentenceOf } from "../sentence.ts";
import { summarize } from "../summarize.ts";
import { measureTaskAlone } from "../task-alone.ts";
import { warmUp, warmUpMs } from "../warm-up.ts";
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
  // Limit, band and sentence are those of the burst that is fired.
  const raced: Exercise = { ...exercise, burst: { ...exercise.burst, calls } };
  const client = await BurstClient.open(order.baseUrl, callTimeoutMs);
  const taskMs = order.taskMs ?? (await measureTaskAlone(client, exercise));
  tell({ kind: "task-alone", taskMs });
  const { cores } = describeMachine();
  const cpuWorkers = order.seats.workers ?? cores;
  const measured: Measurement[] = [];
  for (const strategy of strategiesOf(exercise, request.strategies)) {
    await warmUp(client, exercise, strategy, order.seats[strategy.name], warmUpMs);
    await setTimeout(restMs);
    const go = once(process, "message");
    tellEvent({ case: "burstBegan", value: { strategy: strategy.name, calls } });
    tell({ kind: "burst-ready" });
    await go;
    const teller = new BurstTeller(
      (originMs) => tell({ kind: "burst-began", originMs }),
      (value) => tellEvent({ case: "burstProgress", value }),
    );
    const burst = await client.fire(raced, strategy.name, calls, teller);
    tell({ kind: "burst-over" });
    teller.end();
    const facts = { cores, cpuWorkers, taskMs, loopDelays: [] };
    const measurement = summarize(raced, strategy, [burst], facts);
    tellEvent({ case: "burstEnded", value: { figures: figuresOf(measurement) } });
    measured.push(measurement);
  }
  tellEvent({ case: "kept", value: { sentence: describe(measured) } });
  await client.close();
}

function strategiesOf(exercise: Exercise, names: readonly string[]): Strategy[] {
  return names.flatMap((name) => exercise.allStrategies.filter((one) => one.name === name));
}

function describe(measured: readonly Measurement[]): string {
  const failures = measured
    .filter(({ errors }) => errors > 0)
    .map(
      ({ strategy, errors, exercise, firstError }) =>
        `With ${strategy.name} ${errors} of ${exercise.burst.calls} calls failed: ${firstError}`,
    );
  // How long it takes to fail says nothing about a strategy.
  const succeeded = measured.filter(({ errors }) => errors === 0);
  return [sentenceOf(succeeded), ...failures].filter((part) => part !== "").join(" ");
}

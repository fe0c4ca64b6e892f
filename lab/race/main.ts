import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { create, fromJson, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import type { Strategy } from "../../gen/unblock/v1/exercise_pb.ts";
import {
  type BurstFiguresSchema,
  type BurstProgressSchema,
  type BystanderCallSchema,
  type CallSchema,
  RaceRequestSchema,
  RaceResponseSchema,
} from "../../gen/unblock/v1/lab_pb.ts";
import type { BurstWatch } from "../../loadtest/burst.ts";
import { BurstClient, restMs } from "../../loadtest/burst-client.ts";
import type { BystanderCall } from "../../loadtest/bystander.ts";
import type { CallRecord } from "../../loadtest/call-record.ts";
import { type Cores, readCores } from "../../measure/cores.ts";
import { disturbanceBetween, readMachine, whyDisturbed } from "../../measure/disturbance.ts";
import { timeFixedWork } from "../../measure/speed.ts";
import { type Exercise, findExercise } from "../../registry/exercises.ts";
import type { RaceOrder } from "../../registry/fired-runs.ts";
import { runOrder, type Send } from "../fired-run.ts";
import { judge } from "../judge.ts";
import type { Measurement } from "../measurement.ts";
import { round } from "../numbers.ts";
import { expectedOf, warmUp } from "../sampler.ts";
import { summaryOf } from "../summary.ts";

/** Duration of four bursts whose calls all take as long as they may, with their warm-up. */
const timeoutMs = 270_000;
const callTimeoutMs = 60_000;

type RaceEvent = NonNullable<MessageInitShape<typeof RaceResponseSchema>["event"]>;

/** Fires a burst per strategy, one after another, and reports its events as they happen. */
async function race(order: RaceOrder, send: Send): Promise<void> {
  const request = fromJson(RaceRequestSchema, order.request);
  const exercise = findExercise(request.exercise);
  if (exercise === undefined) {
    throw new Error(`Expected an exercise's letter, got "${request.exercise}"`);
  }
  const report = (event: RaceEvent) => {
    const message = create(RaceResponseSchema, { event });
    send({ kind: "event", event: toJson(RaceResponseSchema, message) });
  };
  const calls = request.calls || exercise.burst.calls;
  // Ideal, expected range and summary are those of the burst that is fired.
  const raced: Exercise = { ...exercise, burst: { ...exercise.burst, calls } };
  const client = await BurstClient.open(order.baseUrl, callTimeoutMs);
  const cores = readCores();
  const cpuWorkers = order.seats.workers ?? cores.cpus.length;
  // A single burst confirms no surprise; a burst of another size is never surprising.
  const ofSurprise = calls === exercise.burst.calls ? 2 : 1;
  const measured: Measurement[] = [];
  for (const strategy of strategiesOf(exercise, request.strategies)) {
    await warmUp(client, exercise, strategy);
    await setTimeout(restMs);
    const sample = await measureBurst(client, raced, strategy, cores, send, report);
    const subject = { exercise: raced, strategy, cpuWorkers, isOneWorker: false };
    const measurement = judge(subject, [sample], { samples: 1, ofSurprise }, undefined);
    report({ case: "burstEnded", value: { figures: figuresOf(measurement) } });
    measured.push(measurement);
  }
  report({ case: "kept", value: { sentence: describe(measured, cores.usable) } });
  await client.close();
}

function strategiesOf(exercise: Exercise, names: readonly string[]): Strategy[] {
  return names.flatMap((name) => exercise.allStrategies.filter((one) => one.name === name));
}

async function measureBurst(
  client: BurstClient,
  exercise: Exercise,
  { name }: Strategy,
  cores: Cores,
  send: Send,
  report: (event: RaceEvent) => void,
) {
  const { calls } = exercise.burst;
  const speedBefore = timeFixedWork();
  // The server, which is this process's parent, and its children are measured and no disturbance.
  const before = readMachine(cores, process.ppid);
  const go = once(process, "message");
  report({ case: "burstBegan", value: { strategy: name, calls } });
  send({ kind: "burst-ready" });
  await go;
  const reporter = new BurstReporter(
    (originMs) => send({ kind: "burst-began", originMs }),
    (value) => report({ case: "burstProgress", value }),
  );
  const burst = await client.fire(exercise, name, calls, reporter);
  const disturbance = disturbanceBetween(before, readMachine(cores, process.ppid));
  const speedAfter = timeFixedWork();
  send({ kind: "burst-over" });
  reporter.end();
  return {
    ...{ round: 0, wallMs: burst.wallMs, ...expectedOf(exercise, burst.calls, cores) },
    ...{ burst: burst.calls, calls: burst.calls, probeMs: burst.bystanderMs },
    ...{ loopDelayMaxMs: 0, speedMs: (speedBefore + speedAfter) / 2, serverCpuMs: undefined },
    disturbedBy: whyDisturbed(disturbance, cores, [speedBefore, speedAfter]),
  };
}

/** Interval between progress reports; a shorter one would cost the measured server too much. */
const reportIntervalMs = 100;

/** Collects what happens in a burst and reports it at an interval. */
class BurstReporter implements BurstWatch {
  readonly #reportOrigin: (originMs: number) => void;
  readonly #report: (progress: MessageInitShape<typeof BurstProgressSchema>) => void;
  #calls: MessageInitShape<typeof CallSchema>[] = [];
  #probe: MessageInitShape<typeof BystanderCallSchema>[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(
    reportOrigin: (originMs: number) => void,
    report: (progress: MessageInitShape<typeof BurstProgressSchema>) => void,
  ) {
    this.#reportOrigin = reportOrigin;
    this.#report = report;
  }

  began(originMs: number): void {
    this.#reportOrigin(originMs);
    this.#timer = setInterval(() => this.#flush(), reportIntervalMs);
  }

  call(index: number, { ranOn, beganMs, steps, ...call }: CallRecord): void {
    this.#calls.push({
      index,
      sentMs: round(call.sentMs),
      endedMs: round(call.endedMs),
      ...(beganMs === undefined ? {} : { beganMs: round(beganMs) }),
      steps: steps.map(({ name, ms }) => ({ name, ms })),
      place: ranOn?.place ?? "",
      pid: ranOn?.pid ?? "",
      ...(ranOn?.thread === undefined ? {} : { thread: ranOn.thread }),
      code: call.code,
      message: call.message,
    });
  }

  bystander({ intendedMs, latencyMs }: BystanderCall): void {
    this.#probe.push({ intendedMs: round(intendedMs), latencyMs: round(latencyMs) });
  }

  end(): void {
    clearInterval(this.#timer);
    this.#flush();
  }

  // Also when nothing happened: the server adds the samples of its event loop.
  #flush(): void {
    this.#report({ calls: this.#calls, bystander: this.#probe });
    this.#calls = [];
    this.#probe = [];
  }
}

/** The figures of one burst, without the loop delay, which the server adds. */
function figuresOf(measurement: Measurement): MessageInitShape<typeof BurstFiguresSchema> {
  const { wallMs, idealMs, ratio, expectedMs, withinExpected, probeP99Ms, errors } = measurement;
  const { inconclusive = "" } = measurement;
  return {
    wallMs: round(wallMs.median),
    limitMs: round(idealMs),
    ...(ratio === null ? {} : { ratio: round(ratio) }),
    bandFromMs: round(expectedMs[0]),
    bandToMs: round(expectedMs[1]),
    withinBand: withinExpected === true,
    bystanderP99Ms: round(probeP99Ms),
    errors,
    inconclusive,
  };
}

function describe(measured: readonly Measurement[], usableCores: number): string {
  const failures = measured
    .filter(({ errors }) => errors > 0)
    .map(
      ({ strategy, errors, exercise, firstError }) =>
        `With ${strategy.name} ${errors} of ${exercise.burst.calls} calls failed: ${firstError}`,
    );
  // How long a failure takes says nothing about a strategy.
  const succeeded = measured.filter(({ errors }) => errors === 0);
  return [summaryOf(succeeded, usableCores), ...failures].filter((part) => part !== "").join(" ");
}

await runOrder<RaceOrder>(timeoutMs, race);

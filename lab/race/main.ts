import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { create, fromJson, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import type { BurstWatch } from "@unblock/loadtest/burst";
import { BurstClient, cooldownMs } from "@unblock/loadtest/burst-client";
import type { CallRecord } from "@unblock/loadtest/call-record";
import type { ProbeCall } from "@unblock/loadtest/probe";
import { type Cores, readCores } from "@unblock/measure/cores";
import { disturbanceBetween, readMachine, whyDisturbed } from "@unblock/measure/disturbance";
import { timeFixedWork } from "@unblock/measure/speed";
import { type Exercise, findExercise } from "@unblock/proto/exercises";
import type { RaceOrder } from "@unblock/proto/fired-runs";
import type { Strategy } from "@unblock/proto/gen/exercise";
import {
  type BurstFiguresSchema,
  type BurstProgressSchema,
  type CallSchema,
  type ProbeCallSchema,
  RaceRequestSchema,
  RaceResponseSchema,
} from "@unblock/proto/gen/lab";
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
  const cpuWorkers = order.slots.workers ?? cores.cpus.length;
  // A single burst confirms no surprise; a burst of another size is never surprising.
  const ofSurprise = calls === exercise.burst.calls ? 2 : 1;
  const measured: Measurement[] = [];
  for (const strategy of strategiesOf(exercise, request.strategies)) {
    await warmUp(client, exercise, strategy);
    await setTimeout(cooldownMs);
    const sample = await measureBurst(client, raced, strategy, cores, send, report);
    const subject = { exercise: raced, strategy, cpuWorkers, isOneWorker: false };
    const measurement = judge(subject, [sample], { samples: 1, ofSurprise }, undefined);
    report({ case: "burstEnded", value: { figures: figuresOf(measurement) } });
    measured.push(measurement);
  }
  report({ case: "saved", value: { summary: describe(measured, cores.usable) } });
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
    ...{ burst: burst.calls, calls: burst.calls, probeMs: burst.probeMs },
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
  #probe: MessageInitShape<typeof ProbeCallSchema>[] = [];
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
      executor: ranOn?.executor ?? "",
      pid: ranOn?.pid ?? "",
      ...(ranOn?.thread === undefined ? {} : { thread: ranOn.thread }),
      code: call.code,
      message: call.message,
    });
  }

  probe({ intendedMs, latencyMs }: ProbeCall): void {
    this.#probe.push({ intendedMs: round(intendedMs), latencyMs: round(latencyMs) });
  }

  end(): void {
    clearInterval(this.#timer);
    this.#flush();
  }

  // Also when nothing happened: the server adds the samples of its event loop.
  #flush(): void {
    this.#report({ calls: this.#calls, probe: this.#probe });
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
    idealMs: round(idealMs),
    ...(ratio === null ? {} : { ratio: round(ratio) }),
    expectedFromMs: round(expectedMs[0]),
    expectedToMs: round(expectedMs[1]),
    withinExpected: withinExpected === true,
    probeP99Ms: round(probeP99Ms),
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

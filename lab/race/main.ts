import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { fromJson, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type BurstClient,
  type BurstWatch,
  cooldownMs,
  openBurstClient,
} from "@unblock/loadtest/burst";
import { type Cores, readCores } from "@unblock/measure/cores";
import { watchMachine } from "@unblock/measure/disturbance";
import { type Exercise, exerciseOf } from "@unblock/proto/exercises";
import type { RaceOrder } from "@unblock/proto/fired-runs";
import {
  type BurstFiguresSchema,
  type CallSchema,
  type ProbeCallSchema,
  RaceRequestSchema,
  RaceResponseSchema,
} from "@unblock/proto/gen/lab";
import { round } from "@unblock/terminal/numbers";
import { runOrder, type Send } from "../fired-run.ts";
import { judge, type Measurement, type Sample } from "../judge.ts";
import { expectedOf, warmUp, withCalls } from "../sampler.ts";
import { summaryOf } from "../summary.ts";

/** Duration of four bursts whose calls all take as long as they may, with their warm-up. */
const timeoutMs = 270_000;
const callTimeoutMs = 60_000;
/** Interval between progress reports; a shorter one would cost the measured server too much. */
const reportIntervalMs = 100;

type Report = (event: MessageInitShape<typeof RaceResponseSchema>) => void;

/** Fires a burst per strategy, one after another, and reports its events as they happen. */
async function race(order: RaceOrder, report: Report, send: Send): Promise<void> {
  const request = fromJson(RaceRequestSchema, order.request);
  const exercise = exerciseOf(request.exercise);
  const calls = request.calls || exercise.burst.calls;
  const raced = withCalls(exercise, calls);
  const client = await openBurstClient(order.baseUrl, callTimeoutMs);
  const cores = readCores();
  const cpuWorkers = order.slots.workers ?? cores.cpus.length;
  // A single burst confirms no surprise; a burst of another size is never surprising.
  const needs = { samples: 1, ofSurprise: calls === exercise.burst.calls ? 2 : 1 };
  const measured: Measurement[] = [];
  const named = (name: string) => exercise.allStrategies.filter((one) => one.name === name);
  for (const strategy of request.strategies.flatMap(named)) {
    await warmUp(client, exercise, strategy);
    await setTimeout(cooldownMs);
    const sample = await measureBurst(client, raced, strategy.name, cores, report, send);
    const subject = { exercise: raced, strategy, cpuWorkers, isOneWorker: false };
    const measurement = judge(subject, [sample], needs, undefined);
    const value = { figures: figuresOf(measurement) };
    report({ event: { case: "burstEnded", value } });
    measured.push(measurement);
  }
  const summary = describe(measured, cores.usable);
  report({ event: { case: "saved", value: { summary } } });
  await client.close();
}

async function measureBurst(
  client: BurstClient,
  exercise: Exercise,
  strategy: string,
  cores: Cores,
  report: Report,
  send: Send,
): Promise<Sample> {
  const { calls } = exercise.burst;
  // The server, which is this process's parent, and its children are measured and no disturbance.
  const unwatch = watchMachine(cores, process.ppid);
  const go = once(process, "message");
  report({ event: { case: "burstBegan", value: { strategy, calls } } });
  send({ kind: "burst-ready" });
  await go;
  const reporter = reportBurst(report, send);
  const burst = await client.fire(exercise, strategy, calls, reporter);
  const { speedMs, disturbedBy } = unwatch();
  send({ kind: "burst-over" });
  reporter.end();
  return {
    ...{ round: 0, wallMs: burst.wallMs, ...expectedOf(exercise, burst.calls, cores) },
    ...{ burst: burst.calls, calls: burst.calls, probeMs: burst.probeMs },
    ...{ loopDelayMaxMs: 0, serverCpuMs: undefined, speedMs, disturbedBy },
  };
}

function reportBurst(report: Report, send: Send): BurstWatch & { end(): void } {
  let calls: MessageInitShape<typeof CallSchema>[] = [];
  let probe: MessageInitShape<typeof ProbeCallSchema>[] = [];
  let timer: NodeJS.Timeout | undefined;
  // Also when nothing happened: the server adds the samples of its event loop.
  const flush = () => {
    report({ event: { case: "burstProgress", value: { calls, probe } } });
    calls = [];
    probe = [];
  };
  return {
    began: (originMs) => {
      send({ kind: "burst-began", originMs });
      timer = setInterval(flush, reportIntervalMs);
    },
    call: (index, { code, message, steps, ranOn, beganMs, ...call }) => {
      calls.push({
        ...{ index, code, message, executor: ranOn?.executor ?? "", pid: ranOn?.pid ?? "" },
        sentMs: round(call.sentMs),
        endedMs: round(call.endedMs),
        steps: steps.map(({ name, ms }) => ({ name, ms })),
        ...(beganMs === undefined ? {} : { beganMs: round(beganMs) }),
        ...(ranOn?.thread === undefined ? {} : { thread: ranOn.thread }),
      });
    },
    probe: ({ intendedMs, latencyMs }) => {
      probe.push({ intendedMs: round(intendedMs), latencyMs: round(latencyMs) });
    },
    end: () => {
      clearInterval(timer);
      flush();
    },
  };
}

/** The figures of one burst, without the loop delay, which the server adds. */
function figuresOf(measurement: Measurement): MessageInitShape<typeof BurstFiguresSchema> {
  const { wallMs, idealMs, ratio, expectedMs, withinExpected, probeP99Ms, errors } = measurement;
  return {
    wallMs: round(wallMs.median),
    idealMs: round(idealMs),
    ...(ratio === null ? {} : { ratio: round(ratio) }),
    expectedFromMs: round(expectedMs[0]),
    expectedToMs: round(expectedMs[1]),
    withinExpected: withinExpected === true,
    probeP99Ms: round(probeP99Ms),
    errors,
    inconclusive: measurement.inconclusive ?? "",
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

await runOrder<RaceOrder, typeof RaceResponseSchema>(RaceResponseSchema, timeoutMs, race);

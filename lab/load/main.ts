import { fromJson, type MessageInitShape } from "@bufbuild/protobuf";
import type { Interval } from "@unblock/loadtest/report/report";
import type { LoadPlan } from "@unblock/loadtest/run/plan";
import { type LoadResult, runLoad } from "@unblock/loadtest/run/run";
import { resolveTarget } from "@unblock/loadtest/target/target";
import { type Exercise, exerciseOf } from "@unblock/proto/exercises";
import type { LoadOrder } from "@unblock/proto/fired-runs";
import {
  type LoadFiguresSchema,
  type LoadIntervalSchema,
  type LoadRequest,
  LoadRequestSchema,
  LoadResponseSchema,
} from "@unblock/proto/gen/lab";
import { ms } from "@unblock/terminal/numbers";
import { runOrder } from "../fired-run.ts";

/** Duration of the longest load, including the responses that it awaits at its end. */
const timeoutMs = 120_000;
const callTimeoutMs = 10_000;
/** The same load, not measured: connections are opened and code is compiled. */
const warmupMs = 500;
/** A connection carries 1,000 calls at once, so these carry more than the server accepts. */
const connections = 4;
/** Closer together where latencies differ most, so that a curve through them is smooth. */
const percentages = [
  ...[0, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 92.5, 95, 96, 97, 98, 99],
  ...[99.25, 99.5, 99.75, 99.9, 99.95, 99.99, 100],
];

type Report = (event: MessageInitShape<typeof LoadResponseSchema>) => void;

async function load(order: LoadOrder, report: Report): Promise<void> {
  const request = fromJson(LoadRequestSchema, order.request);
  const exercise = exerciseOf(request.exercise);
  let reported = 0;
  const onInterval = (interval: Interval) => {
    reported++;
    report({ event: { case: "interval", value: intervalOf(interval) } });
  };
  const strategy = request.strategy || exercise.recommended;
  const plan = await planOf(order.baseUrl, exercise, strategy, request);
  const result = await runLoad(plan, { onInterval });
  // The last second is known only when the load is over.
  result.intervals.slice(reported).forEach(onInterval);
  report({ event: { case: "ended", value: figuresOf(result) } });
  const summary = summaryOf(strategy, request, result);
  report({ event: { case: "saved", value: { summary } } });
}

async function planOf(
  baseUrl: string,
  { method }: Exercise,
  strategy: string,
  { ratePerSecond, durationS }: LoadRequest,
): Promise<LoadPlan> {
  const tls = { insecure: true };
  const service = method.parent.typeName;
  const { descriptorSet } = await resolveTarget(`${service}/${method.name}`, { tls });
  return {
    target: { descriptorSet, service, method: method.name },
    kind: "unary",
    ownServer: true,
    driver: {
      ...{ baseUrl, connections, tls },
      ...{ protocol: "grpc", codec: "proto", httpVersion: "2", httpGet: false },
    },
    rows: undefined,
    header: { "unblock-strategy": strategy },
    seed: "lab",
    timeoutMs: callTimeoutMs,
    warmupMs,
    threads: 1,
    loop: {
      kind: "open",
      arrivals: "constant",
      stages: [{ fromRate: ratePerSecond, toRate: ratePerSecond, durationMs: durationS * 1_000 }],
    },
  };
}

function intervalOf(interval: Interval): MessageInitShape<typeof LoadIntervalSchema> {
  const { start_ms: startMs, end_ms: endMs, p50_ms: p50Ms, p99_ms: p99Ms } = interval;
  const { calls, errors, client_limited: reasons } = interval;
  return { startMs, endMs, calls, errors, p50Ms, p99Ms, clientLimited: reasons.length > 0 };
}

function figuresOf(result: LoadResult): MessageInitShape<typeof LoadFiguresSchema> {
  const { latency, codes, wallMs, verdict, unfinished, heldBack } = result;
  const measured = latency.count === 0 ? [] : percentages;
  const doubts = verdict.reasons.map(
    (reason) => `The load process, not the server, was the limit: ${reason}.`,
  );
  if (unfinished > 0) {
    doubts.push(
      `${unfinished} calls had no response at the end: they count as failed, at their age.`,
    );
  }
  if (heldBack > 0) {
    doubts.push(
      `${heldBack} calls waited in the load process, which limits the calls in progress.`,
    );
  }
  return {
    calls: latency.count,
    errors: errorsOf(result),
    callsPerSecond: wallMs === 0 ? 0 : (latency.count / wallMs) * 1_000,
    percentiles: measured.map((percentile) => ({
      percentile,
      latencyMs: latency.percentile(percentile),
    })),
    statuses: Object.entries(codes).map(([code, calls]) => ({ code, calls })),
    doubts,
  };
}

function errorsOf({ latency, codes }: LoadResult): number {
  return latency.count - (codes.ok ?? 0);
}

function summaryOf(
  strategy: string,
  { ratePerSecond, durationS }: LoadRequest,
  result: LoadResult,
): string {
  const { latency } = result;
  const whole = (value: number) => value.toLocaleString("en");
  const load = `With ${strategy}, ${whole(ratePerSecond)} calls per second for ${durationS} s`;
  if (latency.count === 0) {
    return `${load}: no call had a response.`;
  }
  const errors = errorsOf(result);
  const [maxFrequent] = Object.entries(result.errors).toSorted(([, a], [, b]) => b - a);
  const failed =
    errors === 0
      ? "none failed"
      : `${whole(errors)} of ${whole(latency.count)} failed, most with: ${maxFrequent?.[0]}`;
  const [p50, p99] = [50, 99].map((percentile) => `${ms(latency.percentile(percentile))} ms`);
  return `${load}: p50 ${p50}, p99 ${p99}; ${failed}.`;
}

await runOrder<LoadOrder, typeof LoadResponseSchema>(LoadResponseSchema, timeoutMs, load);

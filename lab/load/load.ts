import { create, fromJson, type MessageInitShape, toJson } from "@bufbuild/protobuf";
import {
  type LoadRequest,
  LoadRequestSchema,
  LoadResponseSchema,
} from "../../gen/unblock/v1/lab_pb.ts";
import type { Interval } from "../../loadtest/report/report.ts";
import type { LoadPlan } from "../../loadtest/run/plan.ts";
import { runLoad } from "../../loadtest/run/run.ts";
import { resolveTarget } from "../../loadtest/target/target.ts";
import { type Exercise, findExercise } from "../../registry/exercises.ts";
import type { LoadOrder } from "../../registry/fired-runs.ts";
import type { Tell } from "../obey.ts";
import { figuresOf, intervalOf } from "./figures.ts";
import { sentenceOf } from "./sentence.ts";

/** A call that takes longer has failed, in milliseconds. */
const callTimeoutMs = 10_000;
/** The same load for a moment that does not count: threads connect, and code is compiled. In ms. */
const warmupMs = 500;
/** A connection has 1,000 calls at once; this many have more than the server takes. */
const connections = 4;

/** Makes a load, and tells of each second and of what it came to. */
export async function load(order: LoadOrder, tell: Tell): Promise<void> {
  const request = fromJson(LoadRequestSchema, order.request);
  const exercise = findExercise(request.exercise);
  if (exercise === undefined) {
    throw new Error(`Expected an exercise's letter, got "${request.exercise}"`);
  }
  const tellEvent = (event: NonNullable<MessageInitShape<typeof LoadResponseSchema>["event"]>) => {
    const message = create(LoadResponseSchema, { event });
    tell({ kind: "event", event: toJson(LoadResponseSchema, message) });
  };
  let told = 0;
  const onInterval = (interval: Interval) => {
    told++;
    tellEvent({ case: "interval", value: intervalOf(interval) });
  };
  const strategy = request.strategy || exercise.recommended;
  const result = await runLoad(await planOf(order.baseUrl, exercise, strategy, request), {
    onInterval,
  });
  // The last second is told of only when the load is over.
  result.intervals.slice(told).forEach(onInterval);
  const figures = figuresOf(result);
  tellEvent({ case: "ended", value: figures });
  const sentence = sentenceOf(strategy, request, result);
  tellEvent({ case: "kept", value: { sentence } });
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
      baseUrl,
      connections,
      tls,
      protocol: "grpc",
      codec: "proto",
      httpVersion: "2",
      httpGet: false,
    },
    requests: {},
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

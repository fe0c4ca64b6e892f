import type { DescMethod } from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";
import type { Logger } from "pino";
import { Health } from "../../gen/health/v1/health_pb.ts";
import { LabService } from "../../gen/unblock/v1/lab_pb.ts";
import { ProgressService } from "../../gen/unblock/v1/progress_pb.ts";
import { VitalsService } from "../../gen/unblock/v1/vitals_pb.ts";
import { services } from "../../registry/methods.ts";
import type { ServedExercise } from "../exercises/exercise.ts";
import type { Lab } from "../lab/lab.ts";
import { type Adapter, createAdapter } from "./adapter/adapter.ts";
import { allowOrigins } from "./cors.ts";
import { type Check, createInterceptors, rejectCrossSiteGets } from "./interceptors/chain.ts";
import { toConnectError } from "./interceptors/errors.ts";
import { allowLoopbackOnly, guardLab, type LabGuardConfig } from "./interceptors/lab-guard.ts";
import { limitCalls, OpenStreams, type StreamLimits } from "./interceptors/overload.ts";
import {
  defaultTimeLimits,
  maxRequestBytes,
  maxResponseBytes,
  openStreamLimits,
  reflectionIdleMs,
  requestBudget,
} from "./listener/limits.ts";
import { serveNonRpc } from "./non-rpc.ts";
import { createMetrics } from "./observability/metrics.ts";
import { observeRequests } from "./observability/request-log.ts";
import type { PageFiles } from "./page-files.ts";
import { routeExercises } from "./services/exercises.ts";
import { type HealthStatus, routeHealth } from "./services/health.ts";
import { checkGetRun, checkLoad, checkRace, routeLab } from "./services/lab.ts";
import { checkGuess, routeProgress } from "./services/progress.ts";
import { routeReflection } from "./services/reflection.ts";
import { checkInterval, routeVitals, type VitalsSources } from "./services/vitals.ts";

export interface HandlerConfig {
  readonly exercises: readonly ServedExercise[];
  readonly vitals: Omit<VitalsSources, "callsInProgress" | "stopSignal">;
  readonly lab: { readonly runs: Lab; readonly guard: LabGuardConfig };
  /** File that keeps the learner's progress. */
  readonly progressFile: string;
  /** Empty when the page is not built. */
  readonly page: PageFiles;
  readonly health: HealthStatus;
  /** Max calls of the exercises in progress at once. */
  readonly maxCalls: number;
  /** Deadline of a unary call whose caller gives none, in milliseconds; undefined or 0 for none. */
  readonly defaultTimeoutMs?: number;
  /** Max deadline of a unary call, in milliseconds; undefined or 0 for none. */
  readonly maxTimeoutMs?: number;
  /** Origins whose pages may call. */
  readonly corsOrigins: readonly string[];
  /** Max time until a request is complete. Default: `requestMs` of `defaultTimeLimits`. */
  readonly requestTimeoutMs?: number;
  /** Default: `openStreamLimits`. */
  readonly streamLimits?: StreamLimits;
  /** Max idle time of a reflection stream. Default: `reflectionIdleMs` of limits.ts. */
  readonly reflectionIdleMs?: number;
  /** Whether unary calls take the adapter's fast path. */
  readonly directLane: boolean;
  /** Ends the calls in progress when it aborts. */
  readonly shutdownSignal: AbortSignal;
  /** Ends the calls whose request is not complete when it aborts. */
  readonly drainSignal?: AbortSignal;
  readonly logger: Logger;
  /** Makes a span per call. */
  readonly tracing?: Interceptor | undefined;
}

/** Unknown fields are dropped: nothing reads them. */
const binaryOptions = { readUnknownFields: false };
const jsonOptions = {
  // `hit: false` and `user_id: 0` are part of the response.
  alwaysEmitImplicit: true,
  // Without `fatal`, invalid UTF-8 would silently become other characters.
  textDecoder: new TextDecoder("utf-8", { fatal: true }),
};

/** Serves all services over Connect, gRPC and gRPC-Web. */
export function createHandler(config: HandlerConfig): Adapter {
  const { exercises, shutdownSignal, directLane, logger, tracing, vitals } = config;
  const limit = limitCalls(config.maxCalls, [VitalsService, Health]);
  const metrics = createMetrics({
    places: () => Object.values(vitals.places).map((place) => place.vitals()),
    eventLoop: vitals.eventLoop,
    callsInProgress: () => limit.inProgress,
  });
  const observer = observeRequests(metrics, logger);
  const openStreams = new OpenStreams(config.streamLimits ?? openStreamLimits, "streams");
  const cors = config.corsOrigins.length === 0 ? undefined : allowOrigins(config.corsOrigins);
  const crossSite = rejectCrossSiteGets((origin) => cors?.isAllowed(origin) ?? false);
  const chain = { logger, crossSite, limit, checks: checksOf(exercises) };
  const traced = tracing === undefined ? [] : [tracing];
  const guard = guardLab(config.lab.guard, logger);
  const rpcPaths = services.flatMap(({ typeName, methods }) =>
    methods.map(({ name }) => `/${typeName}/${name}`),
  );
  const adapter = createAdapter({
    routes: (router) => {
      routeExercises(router, exercises, vitals.backends.engines, metrics.ran);
      routeHealth(router, config.health);
      routeReflection(router, [...services, Health], {
        idleMs: config.reflectionIdleMs ?? reflectionIdleMs,
        stopSignal: config.health.stopSignal,
      });
      routeLab(router, config.lab.runs, vitals.backends.engines, [
        ...traced,
        ...createInterceptors({ ...chain, guard }),
      ]);
      routeProgress(router, config.progressFile, [
        ...traced,
        ...createInterceptors({ ...chain, guard: allowLoopbackOnly(config.lab.guard.port) }),
      ]);
      routeVitals(router, {
        ...vitals,
        callsInProgress: () => limit.inProgress,
        stopSignal: config.health.stopSignal,
      });
    },
    jsonOptions,
    binaryOptions,
    readMaxBytes: maxRequestBytes,
    writeMaxBytes: maxResponseBytes,
    ...requestBudget,
    interceptors: [...traced, ...createInterceptors(chain)],
    // Rejects calls before their bodies are read.
    requestGate: (context) => {
      cors?.gate(context);
      const rejected = limit.rejection(context.method);
      if (rejected !== undefined) {
        throw toConnectError(rejected);
      }
    },
    streamGate: (connection, signal) => {
      const rejected = openStreams.open(signal, connection);
      return rejected && toConnectError(rejected);
    },
    defaultTimeoutMs: config.defaultTimeoutMs || undefined,
    maxUnaryTimeoutMs: config.maxTimeoutMs || undefined,
    requestTimeoutMs: config.requestTimeoutMs ?? defaultTimeLimits.requestMs,
    fastPath: directLane,
    shutdownSignal,
    ...(config.drainSignal === undefined ? {} : { drainSignal: config.drainSignal }),
    fallback: serveNonRpc({ page: config.page, metrics, rpcPaths, onUnknown: observer.unknownRpc }),
    observer,
    onLost: (error) => logger.warn({ err: error }, "a response could not be sent"),
  });
  return cors === undefined ? adapter : cors.respondToPreflights(adapter);
}

function checksOf(exercises: readonly ServedExercise[]): ReadonlyMap<DescMethod, Check> {
  return new Map<DescMethod, Check>([
    ...exercises.map(({ exercise, handler }): [DescMethod, Check] => [
      exercise.method,
      handler.validate,
    ]),
    [VitalsService.method.watchVitals, checkInterval],
    [LabService.method.race, checkRace],
    [LabService.method.load, checkLoad],
    [LabService.method.getRun, checkGetRun],
    [ProgressService.method.recordGuess, checkGuess],
  ]);
}

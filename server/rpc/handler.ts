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
import { createInterceptors } from "./interceptors/chain.ts";
import { rejectCrossSiteGets } from "./interceptors/cross-site.ts";
import { toConnectError } from "./interceptors/errors.ts";
import { guardLab, type LabGuardConfig } from "./interceptors/lab-guard.ts";
import { allowLoopbackOnly } from "./interceptors/loopback-guard.ts";
import { limitCalls } from "./interceptors/overload.ts";
import { OpenStreams, type StreamLimits } from "./interceptors/stream-limit.ts";
import type { Check } from "./interceptors/validation.ts";
import {
  defaultTimeLimits,
  maxRequestBytes,
  maxResponseBytes,
  openStreamLimits,
  reflectionIdleMs,
  requestBudget,
} from "./listener/limits.ts";
import { createNotFound } from "./not-found.ts";
import { createMetrics } from "./observability/metrics.ts";
import { serveMetrics } from "./observability/metrics-page.ts";
import { observeRequests } from "./observability/observe-requests.ts";
import type { PageFiles } from "./page/page-files.ts";
import { servePage } from "./page/serve-page.ts";
import { routeExercises } from "./services/exercises.ts";
import { type HealthStatus, routeHealth } from "./services/health.ts";
import { routeLab } from "./services/lab.ts";
import { checkGetRun, checkLoad, checkRace } from "./services/lab-requests.ts";
import { checkGuess, routeProgress } from "./services/progress.ts";
import { routeReflection } from "./services/reflection.ts";
import { routeVitals, type VitalsSources } from "./services/vitals.ts";
import { checkInterval } from "./services/watch-vitals.ts";
import { binaryOptions, jsonOptions } from "./wire-formats.ts";

export interface HandlerConfig {
  readonly exercises: readonly ServedExercise[];
  readonly vitals: Omit<VitalsSources, "callsInProgress" | "stopSignal">;
  readonly lab: { readonly runs: Lab; readonly guard: LabGuardConfig };
  /** File of the learner's progress. */
  readonly progressFile: string;
  /** The page; empty when it is not built. */
  readonly page: PageFiles;
  readonly health: HealthStatus;
  /** How many calls of the exercises may be in progress at once. */
  readonly maxCalls: number;
  /** Deadline of a unary call whose caller gives none, in milliseconds; undefined or 0 for none. */
  readonly defaultTimeoutMs?: number;
  /** Longest deadline of a unary call, in milliseconds; undefined or 0 for none. */
  readonly maxTimeoutMs?: number;
  /** Pages of these origins may call; none by default. */
  readonly corsOrigins: readonly string[];
  /** How long a request may take to be complete. Default: `requestMs` of `defaultTimeLimits`. */
  readonly requestTimeoutMs?: number;
  /** Default: `openStreamLimits`. */
  readonly streamLimits?: StreamLimits;
  /** How long a reflection stream may ask nothing. Default: `reflectionIdleMs` of limits.ts. */
  readonly reflectionIdleMs?: number;
  /** Whether unary calls take the adapter's direct lane. */
  readonly directLane: boolean;
  /** Its abort ends the calls that are still in progress. */
  readonly shutdownSignal: AbortSignal;
  /** Its abort ends those among them whose request is not complete. */
  readonly drainSignal?: AbortSignal;
  readonly logger: Logger;
  /** Makes a span of each call. */
  readonly tracing?: Interceptor | undefined;
}

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
  const notFound = createNotFound(rpcPaths, observer.unknownRpc);
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
    // Both reject a call before its body is read.
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
    longestTimeoutMs: config.maxTimeoutMs || undefined,
    requestTimeoutMs: config.requestTimeoutMs ?? defaultTimeLimits.requestMs,
    directLane,
    shutdownSignal,
    ...(config.drainSignal === undefined ? {} : { drainSignal: config.drainSignal }),
    fallback: serveMetrics(metrics, servePage(config.page, notFound)),
    observer,
    onLost: (error) => logger.warn({ err: error }, "a call could not be answered"),
  });
  return cors === undefined ? adapter : cors.answerPreflights(adapter);
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

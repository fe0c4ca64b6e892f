import {
  type DescMessage,
  type DescMethod,
  isMessage,
  type MessageShape,
} from "@bufbuild/protobuf";
import type { Interceptor } from "@connectrpc/connect";
import { type Adapter, createAdapter } from "@unblock/connect/adapter/adapter";
import { allowOrigins } from "@unblock/connect/cors";
import {
  type Check,
  createInterceptors,
  rejectCrossSiteGets,
} from "@unblock/connect/interceptors/chain";
import { toConnectError } from "@unblock/connect/interceptors/errors";
import {
  allowLoopbackOnly,
  guardLab,
  type LabGuardConfig,
} from "@unblock/connect/interceptors/lab-guard";
import { limitCalls, OpenStreams, type StreamLimits } from "@unblock/connect/interceptors/overload";
import {
  defaultTimeLimits,
  maxRequestBytes,
  maxResponseBytes,
  openStreamLimits,
  reflectionIdleMs,
  requestBudget,
} from "@unblock/connect/listener/limits";
import { type PageFiles, serveNonRpc } from "@unblock/connect/non-rpc";
import { createMetrics } from "@unblock/connect/observability/metrics";
import { observeRequests } from "@unblock/connect/observability/request-log";
import type { FieldViolation } from "@unblock/errors/failure";
import type { ServedExercise } from "@unblock/exercises/exercise";
import { Health } from "@unblock/proto/gen/health/v1/health_pb";
import { LabService } from "@unblock/proto/gen/lab";
import { ProgressService } from "@unblock/proto/gen/progress";
import { VitalsService } from "@unblock/proto/gen/vitals";
import { services } from "@unblock/proto/methods";
import type { Logger } from "pino";
import type { Lab } from "./lab/lab.ts";
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
  /** Whether the signal of a unary call also aborts when the call ends. Default: false. */
  readonly signalEndsWithCall?: boolean;
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
  const { exercises, shutdownSignal, logger, tracing, vitals } = config;
  const limit = limitCalls(config.maxCalls, [VitalsService, Health]);
  const metrics = createMetrics({
    executors: () => Object.values(vitals.executors).map((executor) => executor.vitals()),
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
  return createAdapter({
    routes: (router) => {
      routeExercises(router, exercises, vitals.backends.external, metrics.ran);
      routeHealth(router, config.health);
      routeReflection(router, [...services, Health], {
        idleMs: config.reflectionIdleMs ?? reflectionIdleMs,
        stopSignal: config.health.stopSignal,
      });
      routeLab(router, config.lab.runs, vitals.backends.external, [
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
    signalEndsWithCall: config.signalEndsWithCall ?? false,
    shutdownSignal,
    drainSignal: config.drainSignal,
    fallback: serveNonRpc({ page: config.page, metrics, rpcPaths, onUnknown: observer.unknownRpc }),
    observer,
    preflight: cors?.preflight,
    onLost: (error) => logger.warn({ err: error }, "a response could not be sent"),
  });
}

function checksOf(exercises: readonly ServedExercise[]): ReadonlyMap<DescMethod, Check> {
  return new Map<DescMethod, Check>([
    ...exercises.map(({ exercise, handler }): [DescMethod, Check] => [
      exercise.method,
      handler.validate,
    ]),
    checkOf(VitalsService.method.watchVitals, checkInterval),
    checkOf(LabService.method.race, checkRace),
    checkOf(LabService.method.load, checkLoad),
    checkOf(LabService.method.getRun, checkGetRun),
    checkOf(ProgressService.method.recordGuess, checkGuess),
  ]);
}

function checkOf<Input extends DescMessage>(
  method: DescMethod & { readonly input: Input },
  check: (request: MessageShape<Input>) => FieldViolation[],
): [DescMethod, Check] {
  return [method, (request) => (isMessage(request, method.input) ? check(request) : [])];
}

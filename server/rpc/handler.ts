import { ExercisesService } from "../../gen/unblock/v1/exercises_pb.ts";
import { VitalsService } from "../../gen/unblock/v1/vitals_pb.ts";
import type { ServedExercise } from "../exercises/load.ts";
import { type Adapter, createAdapter } from "./adapter/adapter.ts";
import { mapErrors } from "./errors.ts";
import { routeExercises } from "./exercises-service.ts";
import { maxMessageBytes } from "./listener/limits.ts";
import { createNotFound } from "./not-found.ts";
import { routeVitals, type VitalsSources } from "./vitals-service.ts";

export interface HandlerConfig {
  readonly exercises: readonly ServedExercise[];
  readonly vitals: VitalsSources;
  /** Its abort ends the calls that are still in progress. */
  readonly shutdownSignal: AbortSignal;
  readonly log: (message: string) => void;
}

/** Serves both services over Connect, gRPC and gRPC-Web. */
export function createHandler({ exercises, vitals, shutdownSignal, log }: HandlerConfig): Adapter {
  const rpcPaths = [ExercisesService, VitalsService].flatMap(({ typeName, methods }) =>
    methods.map(({ name }) => `/${typeName}/${name}`),
  );
  return createAdapter({
    routes: (router) => {
      routeExercises(router, exercises);
      routeVitals(router, vitals);
    },
    // `hit: false` and `user_id: 0` are part of the answer, so they are not left out.
    jsonOptions: { alwaysEmitImplicit: true },
    readMaxBytes: maxMessageBytes,
    writeMaxBytes: maxMessageBytes,
    interceptors: [mapErrors(log)],
    shutdownSignal,
    fallback: createNotFound(rpcPaths),
    onLost: (error) => log(`An answer was lost: ${error instanceof Error ? error.message : error}`),
  });
}

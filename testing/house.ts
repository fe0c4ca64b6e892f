import { create, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import type { Backends } from "../server/backends/backends.ts";
import { openEmbeddedBackends } from "../server/backends/embedded/embedded.ts";
import { completeConfig } from "../server/config.ts";
import { loadExercises, type ServedExercise } from "../server/exercises/load.ts";
import { createPlaces, type Places } from "../server/places/index.ts";
import { never } from "./tasks.ts";

/** What a server is made of, without the wire: for tests of what no caller can see or reach. */
export interface TestHouse {
  readonly places: Places;
  readonly backends: Backends;
  readonly exercises: readonly ServedExercise[];
  /** Does an exercise's work as the strategy does, and gives the answer as protobuf JSON. */
  run(rpc: string, strategy: string, request: JsonValue): Promise<JsonValue>;
  close(): Promise<void>;
}

/** Opens a house as small as can be. */
export async function openTestHouse(): Promise<TestHouse> {
  const config = completeConfig({ cpuWorkers: 1, blockingThreads: 1, processes: 1 });
  const places = createPlaces(config);
  const backends = await openEmbeddedBackends(config);
  const exercises = await loadExercises({ places, backends });
  return {
    places,
    backends,
    exercises,
    run: async (rpc, strategy, request) => {
      const served = exercises.find(({ exercise }) => exercise.rpc === rpc);
      const run = served?.handler.strategies[strategy];
      if (!run) {
        throw new Error(`Expected a strategy of the schema, got ${rpc}, ${strategy}`);
      }
      const { input, output } = served.exercise.method;
      const { value } = await run(fromJson(input, request), never);
      return toJson(output, create(output, value), { alwaysEmitImplicit: true });
    },
    close: async () => {
      await places.background.close(1_000);
      await backends.close();
      await Promise.all([
        places.eventLoop.close(),
        places.libuv.close(),
        places.threads.close(),
        places.workers.close(),
        places.processes.close(),
      ]);
    },
  };
}

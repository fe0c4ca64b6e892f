import { create, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { completeConfig } from "../server/config.ts";
import { type OpenHouse, openHouse } from "../server/house.ts";
import { noCaller } from "./tasks.ts";

/** What a server is made of, without the wire: for tests of what no caller can see or reach. */
export interface TestHouse extends OpenHouse {
  /** Does an exercise's work as the strategy does, and gives the answer as protobuf JSON. */
  run(rpc: string, strategy: string, request: JsonValue): Promise<JsonValue>;
}

/** Opens a house as small as can be. */
export async function openTestHouse(): Promise<TestHouse> {
  const house = await openHouse(
    completeConfig({ cpuWorkers: 1, blockingThreads: 1, processes: 1 }),
  );
  return {
    ...house,
    run: async (rpc, strategy, request) => {
      const served = house.exercises.find(({ exercise }) => exercise.rpc === rpc);
      const run = served?.handler.strategies[strategy];
      if (!run) {
        throw new Error(`Expected a strategy of the schema, got ${rpc}, ${strategy}`);
      }
      const { input, output } = served.exercise.method;
      const { value } = await run(fromJson(input, request), noCaller);
      return toJson(output, create(output, value), { alwaysEmitImplicit: true });
    },
  };
}

import { create, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { completeConfig } from "@unblock/server/config";
import type { HandlerConfig } from "@unblock/server/handler";
import { Lab } from "@unblock/server/lab/lab";
import { type OpenResources, openResources } from "@unblock/server/resources";
import { noCaller } from "./tasks.ts";

/** The parts of a server without the wire, for tests of what no client can reach. */
export interface TestResources extends OpenResources {
  /** Runs an exercise by a strategy. @returns the response as protobuf JSON */
  run(rpc: string, strategy: string, request: JsonValue): Promise<JsonValue>;
}

/** Opens the resources, with one thread and process per executor. */
export async function openTestResources(): Promise<TestResources> {
  const resources = await openResources(
    completeConfig({ cpuWorkers: 1, blockingThreads: 1, processes: 1 }),
  );
  return {
    ...resources,
    run: async (rpc, strategy, request) => {
      const served = resources.exercises.find(({ exercise }) => exercise.rpc === rpc);
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

/** A lab for a handler that a test creates itself, and that starts no runs. */
export function idleLab(): HandlerConfig["lab"] {
  const runs = new Lab({
    baseUrl: () => {
      throw new Error("Expected no run to be started");
    },
    slots: () => ({}),
    eventLoop: { onTick: () => () => {}, catchUp: () => {} },
    runsFolder: ".unblock/runs",
    log: () => {},
  });
  const guard = {
    host: "127.0.0.1",
    port: () => 0,
    token: undefined,
    replicas: 1,
    needsCertificate: false,
  };
  return { runs, guard };
}

import { isMessage, type Message } from "@bufbuild/protobuf";
import { ComputeHashRequestSchema } from "../gen/unblock/v1/exercises_pb.ts";
import type { ServerConfig } from "../server/config.ts";
import type { Call, ServedExercise } from "../server/exercises/exercise.ts";
import type { Place, Task } from "../server/places/place.ts";
import { exerciseOf } from "./exercise-of.ts";
import { type CallOptions, type Reply, startTestServer, type TestServer } from "./test-server.ts";

/** Executors that run tasks in other threads and processes. */
export const remotePlaces = ["workers", "threads", "processes"] as const;
export type RemotePlace = (typeof remotePlaces)[number];

export interface TaskServer extends TestServer {
  /** Calls ComputeHash, which runs a function of testing/tasks.ts in an executor. */
  run(place: RemotePlace, task: string, input?: unknown, options?: CallOptions): Promise<Reply>;
}

/**
 * A server whose ComputeHash runs the task that `data` names in the executor that the strategy names, and returns the
 * task's result: clients cannot make the exercises crash, so tests of crashes need other work.
 */
export async function startTaskServer(config: Partial<ServerConfig>): Promise<TaskServer> {
  const server = await startTestServer({
    ...config,
    loadExercises: async ({ places }) => [serveTasks(places)],
  });
  return {
    ...server,
    run: (place, task, input, options) =>
      server.call(
        "ComputeHash",
        { data: JSON.stringify({ task, input }) },
        { ...options, strategy: place },
      ),
  };
}

function serveTasks(places: Readonly<Record<RemotePlace, Place>>): ServedExercise {
  const runIn = (place: Place) => async (request: Message, call: Call) => {
    const data = isMessage(request, ComputeHashRequestSchema) ? request.data : "";
    const { task, input }: { task: string; input?: unknown } = JSON.parse(data);
    const ran = await place.run(named(task), input, call);
    return { ...ran, value: { hash: String(ran.value), algorithm: "none" } };
  };
  const strategies = Object.fromEntries(remotePlaces.map((name) => [name, runIn(places[name])]));
  return { exercise: exerciseOf("C"), handler: { validate: () => [], strategies } };
}

/** Threads and processes find a task by its module and name. */
function named(name: string): Task<unknown, unknown> {
  return {
    module: new URL("./tasks.ts", import.meta.url).href,
    name,
    run: () => {
      throw new Error("Expected the task to run elsewhere");
    },
  };
}

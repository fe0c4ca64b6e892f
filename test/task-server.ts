import { isMessage, type Message } from "@bufbuild/protobuf";
import type { Executors } from "@unblock/executors";
import type { Executor, Task } from "@unblock/executors/executor";
import type { Call, ServedExercise } from "@unblock/exercises/exercise";
import { exerciseOf } from "@unblock/proto/exercises";
import { ComputeHashRequestSchema } from "@unblock/proto/gen/exercises";
import type { ServerConfig } from "@unblock/server/config";
import { type CallOptions, type Reply, startTestServer, type TestServer } from "./test-server.ts";

/** Executors that run tasks in other threads and processes. */
export const remoteExecutors = ["cpu-pool", "blocking-pool", "processes"] as const;
export type RemoteExecutor = (typeof remoteExecutors)[number];

export interface TaskServer extends TestServer {
  /** Calls ComputeHash, which runs a function of test/tasks.ts in an executor. */
  run(
    executor: RemoteExecutor,
    task: string,
    input?: unknown,
    options?: CallOptions,
  ): Promise<Reply>;
}

/**
 * A server whose ComputeHash runs the task that `data` names in the executor that the strategy names, and returns the
 * task's result: clients cannot make the exercises crash, so tests of crashes need other work.
 */
export async function startTaskServer(config: Partial<ServerConfig>): Promise<TaskServer> {
  const server = await startTestServer({
    ...config,
    loadExercises: async ({ executors }) => [serveTasks(executors)],
  });
  return {
    ...server,
    run: (executor, task, input, options) =>
      server.call(
        "ComputeHash",
        { data: JSON.stringify({ task, input }) },
        { ...options, strategy: executor },
      ),
  };
}

function serveTasks({ cpuPool, blockingPool, processes }: Executors): ServedExercise {
  const executors = { "cpu-pool": cpuPool, "blocking-pool": blockingPool, processes };
  const runIn = (executor: Executor) => async (request: Message, call: Call) => {
    const data = isMessage(request, ComputeHashRequestSchema) ? request.data : "";
    const { task, input }: { task: string; input?: unknown } = JSON.parse(data);
    const ran = await executor.run(named(task), input, call);
    return { ...ran, value: { hash: String(ran.value), algorithm: "none" } };
  };
  const strategies = Object.fromEntries(
    remoteExecutors.map((name) => [name, runIn(executors[name])]),
  );
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

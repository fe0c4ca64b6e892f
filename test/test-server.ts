import { fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { createVitalsClient, openConnection } from "@unblock/client/client";
import type { BackendVitals, ExecutorVitals, GetVitalsResponse } from "@unblock/proto/gen/vitals";
import { findMethod } from "@unblock/proto/methods";
import type { ServerConfig } from "@unblock/server/config";
import { createServer, type UnblockServer } from "@unblock/server/server";
import { toCallFailure } from "./failures.ts";

/** Maximum count of attempts to read vitals, which a busy server may not know. */
const maxAttempts = 20;

export interface Reply {
  /** "ok", or the name of the code, such as "invalid_argument". */
  readonly code: string;
  /** Message of an error; empty for "ok". */
  readonly message: string;
  /** Reason of an error, such as "UNBLOCK_QUEUE_FULL", and its data; undefined for Connect's own errors. */
  readonly error?: string | undefined;
  readonly data?: Readonly<Record<string, string>> | undefined;
  /** Response as protobuf JSON; null for an error. */
  readonly body: JsonValue;
  readonly headers: Headers;
  /** Executor that the response names, such as "blocking-pool". */
  readonly executor: string | undefined;
  /** `pid/thread` that the response names. */
  readonly slot: string | undefined;
}

export interface CallOptions {
  readonly strategy?: string;
  readonly timeoutMs?: number;
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

/** A server on a free port with embedded backends. */
export interface TestServer extends UnblockServer {
  /** Lines of the server's log so far. */
  readonly logged: readonly string[];
  /** Calls an RPC over a connection that all calls share, so that the calls of a burst arrive at once. */
  call(rpc: string, request: JsonValue, options?: CallOptions): Promise<Reply>;
  executor(name: string): Promise<ExecutorVitals>;
  backend(name: string): Promise<BackendVitals>;
  /** Resets the counts of backends and executors. */
  restartWindow(): Promise<void>;
}

/** Sizes of a server whose test does not depend on them: each thread and process takes time to start. */
const small = { cpuWorkers: 1, blockingThreads: 1, processes: 1 };

export async function startTestServer(config: Partial<ServerConfig> = {}): Promise<TestServer> {
  const logged: string[] = [];
  // Hundreds of servers are started, and few tests depend on the speed of the first calls.
  const server = await createServer({
    port: 0,
    warmUp: false,
    log: (line) => logged.push(line),
    ...small,
    ...config,
  });
  const vitals = createVitalsClient({ baseUrl: server.url });
  const connection = openConnection({ baseUrl: server.url });
  let window = "";
  const known = async (restartWindow: boolean): Promise<GetVitalsResponse> => {
    for (let attempt = 1; ; attempt++) {
      const response = await vitals.getVitals({ window, restartWindow });
      window = response.window;
      const [missing] = response.unknown;
      if (missing === undefined) {
        return response;
      }
      if (attempt === maxAttempts) {
        throw new Error(
          `Expected vitals of all parts, got none of ${missing.part}: ${missing.reason}`,
        );
      }
    }
  };
  return {
    ...server,
    logged,
    close: async () => {
      connection.close();
      await server.close();
    },
    call: async (rpc, request, { strategy, timeoutMs, signal, idempotencyKey } = {}) => {
      const method = findMethod(rpc);
      if (!method) {
        throw new Error(`Expected an RPC of the schema, got ${rpc}`);
      }
      const header: Record<string, string> = {
        ...(strategy === undefined ? {} : { "unblock-strategy": strategy }),
        ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
      };
      const input = fromJson(method.input, request);
      try {
        const response = await connection.transport.unary(method, signal, timeoutMs, header, input);
        const body = toJson(method.output, response.message, { alwaysEmitImplicit: true });
        return { code: "ok", message: "", body, headers: response.header, ...ran(response.header) };
      } catch (error) {
        const connectError = ConnectError.from(error);
        const { rawMessage, metadata } = connectError;
        return {
          ...toCallFailure(connectError),
          message: rawMessage,
          body: null,
          headers: metadata,
          ...ran(metadata),
        };
      }
    },
    executor: async (name) => named((await known(false)).executors, name),
    backend: async (name) => named((await known(false)).backends, name),
    restartWindow: async () => {
      await known(true);
    },
  };
}

function ran(headers: Headers): Pick<Reply, "executor" | "slot"> {
  const pattern = /^([\w-]+);pid=(\d+)(?:;thread=(\d+))?$/;
  const [, executor, pid, thread] = pattern.exec(headers.get("unblock-ran-on") ?? "") ?? [];
  return { executor, slot: thread === undefined ? undefined : `${pid}/${thread}` };
}

function named<Named extends { name: string }>(all: readonly Named[], name: string): Named {
  const found = all.find((one) => one.name === name);
  if (!found) {
    throw new Error(`Expected one of ${all.map((one) => one.name).join(", ")}, got ${name}`);
  }
  return found;
}

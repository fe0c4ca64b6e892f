import { fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { createVitalsClient, openConnection } from "../client/client.ts";
import { codeName } from "../client/code-name.ts";
import { ErrorInfoSchema } from "../gen/google/rpc/error_details_pb.ts";
import type { BackendVitals, GetVitalsResponse, PlaceVitals } from "../gen/unblock/v1/vitals_pb.ts";
import { findMethod } from "../registry/methods.ts";
import type { ServerConfig } from "../server/config.ts";
import { createServer, type UnblockServer } from "../server/server.ts";

/** How often a server is asked for vitals that it does not know: a busy machine keeps its backends waiting. */
const maxAttempts = 20;

export interface Reply {
  /** "ok", or the code's name, such as "invalid_argument". */
  readonly code: string;
  /** What the server says of a failure. */
  readonly message: string;
  /** The error's own code, such as "UNBLOCK_QUEUE_FULL", and its data; undefined of Connect's errors. */
  readonly error?: string | undefined;
  readonly data?: Readonly<Record<string, string>> | undefined;
  /** The answer as protobuf JSON; null for a failure. */
  readonly body: JsonValue;
  readonly headers: Headers;
  /** The place that the answer says it ran at, such as "threads". */
  readonly place: string | undefined;
  /** `pid/thread` as the answer says. */
  readonly seat: string | undefined;
}

export interface CallOptions {
  readonly strategy?: string;
  readonly timeoutMs?: number;
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
}

/** A real server on a free port, with real backends, and what tests ask of it. */
export interface TestServer extends UnblockServer {
  /** What the server logged so far. */
  readonly logged: readonly string[];
  /** Calls an RPC over the one connection that all calls share, so that a burst arrives at once. */
  call(rpc: string, request: JsonValue, options?: CallOptions): Promise<Reply>;
  place(name: string): Promise<PlaceVitals>;
  backend(name: string): Promise<BackendVitals>;
  /** Begins the counts of backends and places anew. */
  restartWindow(): Promise<void>;
}

export async function startTestServer(config: Partial<ServerConfig> = {}): Promise<TestServer> {
  const logged: string[] = [];
  // Hundreds of them are started, and few tests care for their first calls.
  const server = await createServer({
    port: 0,
    warmUp: false,
    log: (line) => logged.push(line),
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
          `Expected vitals that are known, got none of ${missing.part}: ${missing.reason}`,
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
        const { code, rawMessage, metadata } = connectError;
        const [info] = connectError.findDetails(ErrorInfoSchema);
        const failure = { code: codeName(code), message: rawMessage, body: null };
        return {
          ...failure,
          error: info?.reason,
          data: info?.metadata,
          headers: metadata,
          ...ran(metadata),
        };
      }
    },
    place: async (name) => named((await known(false)).places, name),
    backend: async (name) => named((await known(false)).backends, name),
    restartWindow: async () => {
      await known(true);
    },
  };
}

function ran(headers: Headers): Pick<Reply, "place" | "seat"> {
  const pattern = /^([\w-]+);pid=(\d+)(?:;thread=(\d+))?$/;
  const [, place, pid, thread] = pattern.exec(headers.get("unblock-ran-on") ?? "") ?? [];
  return { place, seat: thread === undefined ? undefined : `${pid}/${thread}` };
}

function named<Named extends { name: string }>(all: readonly Named[], name: string): Named {
  const found = all.find((one) => one.name === name);
  if (!found) {
    throw new Error(`Expected one of ${all.map((one) => one.name).join(", ")}, got ${name}`);
  }
  return found;
}

import { createServer } from "node:http";
import { create, toBinary } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { SpanStatusCode } from "@opentelemetry/api";
import { createUnblockClient, createVitalsClient, openConnection } from "@unblock/client/client";
import { ComputeHashRequestSchema } from "@unblock/proto/gen/exercises";
import { ServerReflection } from "@unblock/proto/gen/grpc/reflection/v1/reflection_pb";
import { VitalsService } from "@unblock/proto/gen/vitals";
import { listen } from "@unblock/test/listen";
import { startTracedServer, type TracedServer } from "@unblock/test/traced-server";
import { callGrpc, post } from "@unblock/test/wire";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createAdapter } from "../adapter/adapter.ts";
import { loadTracing } from "./tracing.ts";

const waitOptions = { timeout: 20_000, interval: 20 };
const traceId = "0af7651916cd43dd8448eb211c80319c";
const callerSpanId = "b7ad6b7169203331";
const headers = { traceparent: `00-${traceId}-${callerSpanId}-01` };

let server: TracedServer;
beforeAll(async () => {
  server = await startTracedServer();
});
beforeEach(() => server.telemetry.reset());
afterAll(() => server.close());

const codeOf = (error: unknown) => ConnectError.from(error).code;
const onlySpan = () => server.telemetry.onlySpan();

const longHash = { data: "x", rounds: 10_000_000 };
const hashPath = "/unblock.v1.ExercisesService/ComputeHash";
// Without a client, which would cancel at the deadline itself.
test.each([
  [
    "Connect",
    "deadline_exceeded",
    () => post(server.url, hashPath, JSON.stringify(longHash), { "connect-timeout-ms": "50" }),
  ],
  [
    "gRPC",
    "DEADLINE_EXCEEDED",
    () => {
      const message = toBinary(
        ComputeHashRequestSchema,
        create(ComputeHashRequestSchema, longHash),
      );
      return callGrpc(server.url, hashPath, message, { "grpc-timeout": "50m" });
    },
  ],
])("the span of a call over %s has the passed deadline", async (_, status, call) => {
  await call();
  expect(await onlySpan()).toMatchObject({
    attributes: { "rpc.status_code": status },
    status: { code: SpanStatusCode.UNSET },
  });
});

test("the span of a call ends at the deadline, before its handler", async () => {
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const tracing = await loadTracing(() => {});
  const { handleRequest } = createAdapter({
    routes: (router) =>
      router.service(VitalsService, {
        ping: async () => {
          await released;
          return {};
        },
      }),
    interceptors: tracing === undefined ? [] : [tracing],
  });
  const endpoint = await listen(createServer(handleRequest));
  await post(endpoint.url, "VitalsService/Ping", "{}", { "connect-timeout-ms": "50" });
  expect((await onlySpan()).attributes["rpc.status_code"]).toBe("deadline_exceeded");
  release();
  await endpoint.close();
});

test("the span of a call has the disconnect of its client", async () => {
  const caller = new AbortController();
  const call = createUnblockClient({ baseUrl: server.url, protocol: "grpc" }).computeHash(
    longHash,
    { signal: caller.signal },
  );
  const vitals = createVitalsClient({ baseUrl: server.url });
  await vi.waitUntil(async () => {
    const { executors } = await vitals.getVitals({});
    return executors.some(({ name, running }) => name === "cpu-pool" && running === 1);
  }, waitOptions);
  caller.abort();
  expect(await call.catch(codeOf)).toBe(Code.Canceled);
  const span = await vi.waitUntil(
    () => server.telemetry.spans().find(({ name }) => name.endsWith("/ComputeHash")),
    waitOptions,
  );
  expect(span.attributes["rpc.status_code"]).toBe("CANCELLED");
});

describe("a stream", () => {
  test("has one span, which ends with it", async () => {
    const caller = new AbortController();
    const vitals = createVitalsClient({ baseUrl: server.url, protocol: "grpc" });
    const options = { headers, signal: caller.signal };
    const messages = vitals.watchVitals({ intervalMs: 100 }, options)[Symbol.asyncIterator]();
    await messages.next();
    await messages.next();
    expect(server.telemetry.spans()).toEqual([]);
    caller.abort();
    expect(await messages.next().catch(codeOf)).toBe(Code.Canceled);
    expect(await onlySpan()).toMatchObject({
      name: "unblock.v1.VitalsService/WatchVitals",
      parentSpanContext: { traceId, spanId: callerSpanId },
      attributes: { "rpc.status_code": "CANCELLED" },
      status: { code: SpanStatusCode.UNSET },
    });
  });

  test("that fails has the error's code", async () => {
    const vitals = createVitalsClient({ baseUrl: server.url });
    const messages = vitals.watchVitals({ intervalMs: 1 }, { headers });
    await expect(Array.fromAsync(messages)).rejects.toThrow("[invalid_argument]");
    expect((await onlySpan()).attributes["rpc.status_code"]).toBe("invalid_argument");
  });

  test("of both sides has one span as well", async () => {
    const { transport } = openConnection({ baseUrl: server.url, protocol: "grpc" });
    const ask = async function* () {
      yield { messageRequest: { case: "listServices" as const, value: "" } };
      yield { messageRequest: { case: "listServices" as const, value: "" } };
    };
    const answers = createClient(ServerReflection, transport).serverReflectionInfo(ask(), {
      headers,
    });
    expect(await Array.fromAsync(answers)).toHaveLength(2);
    expect((await onlySpan()).attributes["rpc.status_code"]).toBe("OK");
  });
});

import { connect } from "node:net";
import { Code, ConnectError, createClient } from "@connectrpc/connect";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { openConnection, type Protocol } from "@unblock/client/client";
import { ExercisesService } from "@unblock/proto/gen/exercises";
import { startTracedServer, type TracedServer } from "@unblock/test/traced-server";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

const traceId = "0af7651916cd43dd8448eb211c80319c";
const callerSpanId = "b7ad6b7169203331";
const headers = { traceparent: `00-${traceId}-${callerSpanId}-01`, tracestate: "vendor=value" };

let server: TracedServer;
beforeAll(async () => {
  server = await startTracedServer();
});
beforeEach(() => server.telemetry.reset());
afterAll(() => server.close());

const exercises = (protocol: Protocol = "connect") =>
  createClient(ExercisesService, openConnection({ baseUrl: server.url, protocol }).transport);

const codeOf = (error: unknown) => ConnectError.from(error).code;

describe.each([
  ["connect", "connectrpc", undefined, "invalid_argument"],
  ["grpc", "grpc", "OK", "INVALID_ARGUMENT"],
  ["grpc-web", "grpc", "OK", "INVALID_ARGUMENT"],
] as const)("a call over %s", (protocol, system, ok, invalidArgument) => {
  const described = () => ({
    "rpc.system.name": system,
    "rpc.method": "unblock.v1.ExercisesService/GetUser",
    "server.address": "127.0.0.1",
    "server.port": Number(new URL(server.url).port),
  });

  test("is a span in its caller's trace, with the executor of its work", async () => {
    await exercises(protocol).getUser({ userId: 1 }, { headers });
    const span = await server.telemetry.onlySpan();
    expect(span).toMatchObject({
      name: "unblock.v1.ExercisesService/GetUser",
      kind: SpanKind.SERVER,
      parentSpanContext: { traceId, spanId: callerSpanId, isRemote: true },
      status: { code: SpanStatusCode.UNSET },
    });
    expect(span.spanContext()).toMatchObject({ traceId });
    expect(span.spanContext().traceState?.serialize()).toBe("vendor=value");
    expect(span.attributes).toEqual({
      ...described(),
      ...(ok === undefined ? {} : { "rpc.status_code": ok }),
      "unblock.strategy": "blocking-pool",
      "unblock.executor": "blocking-pool",
      "unblock.pid": process.pid,
      "unblock.thread": expect.any(Number),
    });
  });

  test("that its caller got wrong has a span with its code, and no error", async () => {
    await expect(exercises(protocol).getUser({ userId: 0 }, { headers })).rejects.toThrow(
      "[invalid_argument]",
    );
    const span = await server.telemetry.onlySpan();
    expect(span.status).toEqual({ code: SpanStatusCode.UNSET });
    expect(span.attributes).toEqual({ ...described(), "rpc.status_code": invalidArgument });
  });

  test("that the server failed has an error, with the ids of the log", async () => {
    const logged = server.logged.length;
    const weather = server.backend.answers.get("/weather");
    server.backend.answers.delete("/weather");
    const failed = exercises(protocol).getWeather({ city: "london" }, { headers });
    expect(await failed.catch(codeOf)).toBe(Code.Unavailable);
    server.backend.answers.set("/weather", weather);
    const span = await server.telemetry.onlySpan();
    const status = system === "grpc" ? "UNAVAILABLE" : "unavailable";
    expect(span.status).toEqual({
      code: SpanStatusCode.ERROR,
      message: expect.stringContaining('"weather"'),
    });
    expect(span.attributes).toMatchObject({ "rpc.status_code": status, "error.type": status });
    expect(server.logged.slice(logged)).toMatchObject([
      { msg: "call", trace_id: traceId, span_id: span.spanContext().spanId },
    ]);
  });
});

describe("calls without a trace start one each", () => {
  const assertOwnTraces = async (count: number) => {
    const spans = await server.telemetry.ended(count);
    expect(spans.map((span) => span.parentSpanContext)).toEqual(Array(count).fill(undefined));
    expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(count);
  };

  test("side by side on one HTTP/2 connection", async () => {
    const client = exercises("grpc");
    await Promise.all(Array.from({ length: 20 }, () => client.getWeather({ city: "london" })));
    await assertOwnTraces(20);
  });

  test("pipelined on one HTTP/1.1 connection", async () => {
    const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
    const request =
      "POST /unblock.v1.ExercisesService/GetWeather HTTP/1.1\r\nhost: x\r\n" +
      'content-type: application/json\r\ncontent-length: 17\r\n\r\n{"city":"london"}';
    socket.write(request.repeat(20));
    socket.resume();
    await assertOwnTraces(20);
    socket.destroy();
  });

  test("with other headers", async () => {
    const traceparents = [
      "",
      "nonsense",
      `00-${"0".repeat(32)}-${callerSpanId}-01`,
      "x".repeat(999),
    ];
    for (const traceparent of traceparents) {
      await exercises().getWeather({ city: "london" }, { headers: { traceparent } });
    }
    await assertOwnTraces(traceparents.length);
  });
});

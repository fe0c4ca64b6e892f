import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { createServer } from "node:http";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { context, ROOT_CONTEXT, type Span, trace } from "@opentelemetry/api";
import { openConnection } from "@unblock/client/client";
import { ExercisesService } from "@unblock/proto/gen/exercises";
import { VitalsService } from "@unblock/proto/gen/vitals";
import { listen } from "@unblock/test/listen";
import { startTracedServer, type TracedServer } from "@unblock/test/traced-server";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { createAdapter } from "../adapter/adapter.ts";
import { loadTracing } from "./tracing.ts";

const waitOptions = { timeout: 20_000, interval: 20 };
const traceId = "0af7651916cd43dd8448eb211c80319c";
const headers = {
  traceparent: `00-${traceId}-b7ad6b7169203331-01`,
  tracestate: "vendor=value",
  baggage: "tenant=acme",
};

describe("an outgoing request of a call", () => {
  let server: TracedServer;
  beforeAll(async () => {
    server = await startTracedServer();
  });
  beforeEach(() => {
    server.telemetry.reset();
    server.backend.requests.splice(0);
  });
  afterAll(() => server.close());

  const client = (protocol: "connect" | "grpc" | "grpc-web", strategy: string) =>
    createClient(
      ExercisesService,
      openConnection({ baseUrl: server.url, protocol, strategy }).transport,
    );
  /** Returns the context of the only call, as its backends must receive it. */
  const ownTraceparent = async () => {
    await vi.waitUntil(() => server.telemetry.spans().length > 0, waitOptions);
    expect(server.telemetry.spans()).toHaveLength(1);
    return `00-${traceId}-${server.telemetry.spans()[0]?.spanContext().spanId}-01`;
  };

  test.each([
    ["connect", "async"],
    ["grpc", "async"],
    ["grpc-web", "async"],
    ["connect", "blocking-pool"],
  ] as const)("is in the call's trace: over %s, with %s", async (protocol, strategy) => {
    await client(protocol, strategy).getWeather({ city: "london" }, { headers });
    const traceparent = await ownTraceparent();
    expect(server.backend.requests).toEqual([
      { path: "/weather", headers: expect.objectContaining({ ...headers, traceparent }) },
    ]);
  });

  test.each(["parallel", "sequential"])(
    "is in the call's trace, as all of them: %s",
    async (strategy) => {
      await client("connect", strategy).getDashboard({}, { headers });
      const traceparent = await ownTraceparent();
      expect(server.backend.requests.map((request) => request.headers.traceparent)).toEqual(
        Array(5).fill(traceparent),
      );
    },
  );

  test.each(["cpu-pool", "blocking-pool"])(
    "is in the call's trace for an image: with %s",
    async (strategy) => {
      const imageUrl = "http://example.com/cat.png";
      await expect(
        client("connect", strategy).predictImage({ imageUrl }, { headers }),
      ).rejects.toThrow("PNG");
      const traceparent = await ownTraceparent();
      expect(server.backend.requests).toEqual([
        { path: "/images/cat.png", headers: expect.objectContaining({ ...headers, traceparent }) },
      ]);
    },
  );

  test("is in the call's trace after the response", async () => {
    await client("grpc", "background").trackEvent({ event: "view", userId: 1 }, { headers });
    const traceparent = await ownTraceparent();
    await vi.waitUntil(() => server.backend.requests.length === 1, waitOptions);
    expect(server.backend.requests).toMatchObject([
      { path: "/analytics", headers: { ...headers, traceparent } },
    ]);
  });

  test("has only the instrumentation's traceparent where fetch is instrumented", async () => {
    const theirs = `00-${traceId}-aaaaaaaaaaaaaaaa-01`;
    // Like @opentelemetry/instrumentation-undici.
    const addHeader = (message: unknown) => {
      const { request } = message as {
        request: { addHeader(name: string, value: string): void };
      };
      request.addHeader("traceparent", theirs);
    };
    subscribe("undici:request:create", addHeader);
    try {
      await client("connect", "async").getWeather({ city: "london" }, { headers });
    } finally {
      unsubscribe("undici:request:create", addHeader);
    }
    expect(server.backend.requests).toMatchObject([{ headers: { traceparent: theirs } }]);
  });
});

describe("a call whose HTTP request has a span", () => {
  let telemetry: TracedServer["telemetry"];
  let traced: TracedServer;
  beforeAll(async () => {
    traced = await startTracedServer();
    telemetry = traced.telemetry;
  });
  afterAll(() => traced.close());

  test.each([
    ["is a child of that span", false],
    ["is no child of an ended span", true],
  ])("%s", async (_, hasEnded) => {
    telemetry.reset();
    const spans: Span[] = [];
    const tracing = await loadTracing(() => {});
    const { handleRequest } = createAdapter({
      routes: (router) => router.service(VitalsService, { ping: () => ({}) }),
      interceptors: tracing === undefined ? [] : [tracing],
    });
    // Like @opentelemetry/instrumentation-http.
    const http = createServer((request, response) => {
      const span = trace.getTracer("http").startSpan("POST");
      spans.push(span);
      const own = trace.setSpan(ROOT_CONTEXT, span);
      context.bind(own, request);
      if (hasEnded) {
        span.end();
      }
      context.with(own, () => handleRequest(request, response));
    });
    const endpoint = await listen(http);
    const transport = createConnectTransport({ baseUrl: endpoint.url, httpVersion: "1.1" });
    await createClient(VitalsService, transport).ping({}, { headers });
    await endpoint.close();
    const ping = telemetry.spans().find(({ name }) => name.endsWith("/Ping"));
    expect(ping?.parentSpanContext).toMatchObject(
      hasEnded ? { traceId, isRemote: true } : { spanId: spans[0]?.spanContext().spanId },
    );
  });
});

import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { callGrpc, post } from "@unblock/test/wire";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

const patienceMs = 20_000;

describe("the deadline of a call", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  beforeEach(() => server.restartWindow());
  afterAll(() => server.close());

  /** Occupies the only thread of the blocking pool until it is released. */
  async function holdThread(): Promise<() => Promise<unknown>> {
    const caller = new AbortController();
    const hash = server.call(
      "ComputeHash",
      { data: "test", rounds: 10_000_000 },
      { strategy: "blocking-pool", signal: caller.signal },
    );
    await vi.waitUntil(
      async () => (await server.executor("blocking-pool")).running === 1,
      patienceMs,
    );
    return async () => {
      caller.abort();
      await hash;
      await vi.waitUntil(
        async () => (await server.executor("blocking-pool")).running === 0,
        patienceMs,
      );
    };
  }

  test("ends a call whose backend takes longer", async () => {
    const request = { city: "london" };
    expect(await server.call("GetWeather", request, { timeoutMs: 20 })).toMatchObject({
      code: "deadline_exceeded",
    });
  });

  // Only the server knows the deadline here.
  test("is enforced by the server over Connect", async () => {
    const headers = { "connect-timeout-ms": "20" };
    const path = "ExercisesService/GetWeather";
    const { status, text } = await post(server.url, path, '{"city":"london"}', headers);
    expect(status).toBe(504);
    expect(JSON.parse(text)).toEqual({
      code: "deadline_exceeded",
      message: "the operation timed out",
    });
  });

  test("is enforced by the server over gRPC", async () => {
    const city = Buffer.from("\x0a\x06london", "latin1");
    const path = "/unblock.v1.ExercisesService/GetWeather";
    expect(await callGrpc(server.url, path, city, { "grpc-timeout": "20m" })).toMatchObject({
      status: 200,
      grpcStatus: "4",
    });
  });

  test("removes a waiting call from the queue before its work starts", async () => {
    const { cancelled } = await server.executor("blocking-pool");
    const release = await holdThread();
    const calls = [1, 2, 3, 4, 5].map((user_id) =>
      server.call("GetUser", { user_id }, { strategy: "blocking-pool", timeoutMs: 50 }),
    );
    expect(new Set((await Promise.all(calls)).map(({ code }) => code))).toEqual(
      new Set(["deadline_exceeded"]),
    );
    await vi.waitUntil(
      async () => (await server.executor("blocking-pool")).queued === 0,
      patienceMs,
    );
    expect(await server.executor("blocking-pool")).toMatchObject({ cancelled: cancelled + 5 });
    await release();
    expect(await server.call("GetUser", { user_id: 6 })).toMatchObject({ code: "ok" });
    expect(await server.backend("database")).toMatchObject({ calls: 1 });
  });

  test("does not matter for a client that disconnects: its waiting call is removed too", async () => {
    const { cancelled } = await server.executor("blocking-pool");
    const release = await holdThread();
    const caller = new AbortController();
    const call = server.call("GetUser", { user_id: 1 }, { signal: caller.signal });
    await vi.waitUntil(
      async () => (await server.executor("blocking-pool")).queued === 1,
      patienceMs,
    );
    caller.abort();
    expect(await call).toMatchObject({ code: "canceled" });
    await vi.waitUntil(
      async () => (await server.executor("blocking-pool")).queued === 0,
      patienceMs,
    );
    await release();
    expect(await server.executor("blocking-pool")).toMatchObject({ cancelled: cancelled + 1 });
    expect(await server.backend("database")).toMatchObject({ calls: 0 });
  });
});

describe("a full queue", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ maxQueue: 1 });
  });
  afterAll(() => server.close());

  test("rejects the next call at once", async () => {
    const caller = new AbortController();
    const running = server.call(
      "ComputeHash",
      { data: "test", rounds: 10_000_000 },
      { strategy: "blocking-pool", signal: caller.signal },
    );
    await vi.waitUntil(
      async () => (await server.executor("blocking-pool")).running === 1,
      patienceMs,
    );
    const waiting = server.call("GetUser", { user_id: 1 });
    await vi.waitUntil(
      async () => (await server.executor("blocking-pool")).queued === 1,
      patienceMs,
    );

    expect(await server.call("GetUser", { user_id: 2 })).toMatchObject({
      code: "resource_exhausted",
      error: "UNBLOCK_QUEUE_FULL",
      data: { executor: "blocking-pool", running: "1", waiting: "1" },
    });
    expect(await server.executor("blocking-pool")).toMatchObject({
      running: 1,
      queued: 1,
      rejected: 1,
    });

    caller.abort();
    expect(await running).toMatchObject({ code: "canceled" });
    expect(await waiting).toMatchObject({ code: "ok", body: { user_id: 1 } });
  });
});

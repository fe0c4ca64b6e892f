import { ConnectError } from "@connectrpc/connect";
import { createUnblockClient, createVitalsClient } from "@unblock/client/client";
import { RetryInfoSchema } from "@unblock/proto/gen/google/rpc/error_details_pb";
import {
  grpc,
  hashPath,
  openSession,
  UnendedRequest,
} from "@unblock/server/testing/unended-request";
import { failureOf } from "@unblock/test/failures";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

describe("a server with at most three calls", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({
      cpuWorkers: 1,
      blockingThreads: 1,
      processes: 1,
      maxCalls: 3,
    });
  });
  afterAll(() => server.close());

  test("rejects others at once with a retry delay, and responds to probes", async () => {
    const caller = new AbortController();
    const held = Array.from({ length: 3 }, () =>
      server.call(
        "ComputeHash",
        { data: "test", rounds: 10_000_000 },
        { strategy: "blocking-pool", signal: caller.signal },
      ),
    );
    await vi.waitUntil(async () => (await server.executor("blocking-pool")).queued === 2, {
      timeout: 20_000,
    });
    const unblock = createUnblockClient({ baseUrl: server.url, protocol: "grpc" });
    const rejection = unblock.getWeather({ city: "london" });
    expect(await failureOf(rejection)).toEqual({
      code: "resource_exhausted",
      error: "UNBLOCK_CALLS_FULL",
      data: { in_progress: "3" },
    });
    const shed = await rejection.catch(ConnectError.from);
    expect(shed instanceof ConnectError && shed.findDetails(RetryInfoSchema)).toMatchObject([
      { retryDelay: { seconds: 1n } },
    ]);
    // Rejected before its body is read, which never arrives.
    const unended = new UnendedRequest(openSession(server.url), hashPath, grpc);
    await vi.waitUntil(() => unended.fields["grpc-status"] === "8", { timeout: 20_000 });
    expect(await createVitalsClient({ baseUrl: server.url }).ping({})).toMatchObject({});
    // The rejected call has reached no backend.
    expect((await server.backend("weather")).calls).toBe(0);
    caller.abort();
    await Promise.all(held);
    await vi.waitUntil(async () => (await server.call("GetConfig", {})).code === "ok", {
      timeout: 20_000,
      interval: 50,
    });
  });
});

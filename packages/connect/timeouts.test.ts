import { createVitalsClient } from "@unblock/client/client";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { callGrpc, httpReply, post, watchHealth } from "@unblock/test/wire";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { http2Implementations } from "./listener/listener.ts";

const waitOptions = { timeout: 20_000, interval: 20 };
const hashPath = "/unblock.v1.ExercisesService/ComputeHash";
/** Work much longer than any deadline here. */
const longHash = '{"data":"test","rounds":10000000}';
const longHashBytes = Buffer.from("\x0a\x04test\x10\x80\xad\xe2\x04", "latin1");
const anHour = { "grpc-timeout": "1H", "connect-timeout-ms": "3600000" };

const connectCall = async (url: string, headers: Record<string, string>) => {
  const { text } = await post(url, "ExercisesService/ComputeHash", longHash, headers);
  return JSON.parse(text).code ?? "ok";
};
const grpcCall = async (url: string, headers: Record<string, string>) => {
  const { grpcStatus } = await callGrpc(url, hashPath, longHashBytes, headers);
  return grpcStatus === "4" ? "deadline_exceeded" : grpcStatus;
};
const grpcWebCall = async (url: string, headers: Record<string, string>) => {
  const response = await fetch(`${url}${hashPath}`, {
    method: "POST",
    headers: { "content-type": "application/grpc-web+proto", ...headers },
    body: Buffer.concat([Buffer.from([0, 0, 0, 0, longHashBytes.length]), longHashBytes]),
  });
  const { text } = await httpReply(response);
  return text.includes("grpc-status: 4\r\n") ? "deadline_exceeded" : text;
};

describe.each(http2Implementations)("HTTP/2 of %s", (http2) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ http2, defaultTimeoutMs: 100, maxTimeoutMs: 200 });
  });
  afterAll(() => server.close());

  /** Waits until no work is left. GetVitals has the default deadline too, so it may have to be repeated. */
  const assertNothingRuns = () =>
    vi.waitFor(async () => {
      expect(await server.executor("cpu-pool")).toMatchObject({ running: 0 });
    }, waitOptions);

  test.each([
    ["Connect", connectCall],
    ["gRPC", grpcCall],
    ["gRPC-Web", grpcWebCall],
  ])("a unary call over %s without a deadline has the default one", async (_, call) => {
    expect(await call(server.url, {})).toBe("deadline_exceeded");
    await assertNothingRuns();
  });

  test.each([
    ["Connect", connectCall],
    ["gRPC", grpcCall],
    ["gRPC-Web", grpcWebCall],
  ])("a deadline over %s is shortened to the maximum", async (_, call) => {
    expect(await call(server.url, anHour)).toBe("deadline_exceeded");
    await assertNothingRuns();
  });

  test("a stream has neither", async () => {
    const health = watchHealth(server.url);
    const vitals = createVitalsClient({ baseUrl: server.url, protocol: "grpc" });
    const watch = vitals.watchVitals({ intervalMs: 100 })[Symbol.asyncIterator]();
    expect(await watch.next()).toMatchObject({ done: false });
    expect(await connectCall(server.url, anHour)).toBe("deadline_exceeded");
    for (let count = 0; count < 3; count++) {
      expect(await watch.next()).toMatchObject({ done: false });
    }
    expect(health.seen).toEqual(["SERVING"]);
    expect(health.session.closed).toBe(false);
    health.session.destroy();
    await watch.return?.();
  });

  test("a call has no deadline without bounds", async () => {
    const endless = await startTestServer({ http2, defaultTimeoutMs: 0, maxTimeoutMs: 0 });
    const caller = new AbortController();
    const call = fetch(`${endless.url}${hashPath}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...anHour },
      body: longHash,
      signal: caller.signal,
    });
    await vi.waitUntil(async () => (await endless.executor("cpu-pool")).running === 1, waitOptions);
    // Longer than the bounds of the server above.
    expect(await connectCall(server.url, {})).toBe("deadline_exceeded");
    expect(await connectCall(server.url, anHour)).toBe("deadline_exceeded");
    expect(await endless.executor("cpu-pool")).toMatchObject({ running: 1 });
    // The server would wait for it.
    caller.abort();
    await expect(call).rejects.toMatchObject({ name: "AbortError" });
    await endless.close();
  });
});

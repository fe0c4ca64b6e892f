import { fireAtOnce, fireUntilOverlap } from "@unblock/test/burst";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

const tenReads = (strategy: string) => ({
  rpc: "GetConfig",
  strategy,
  calls: 10,
  request: () => ({}),
});
const config = { setting_a: "value1", setting_b: "value2" };

describe("GetConfig", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ blockingThreads: 10 });
  });
  beforeEach(() => server.restartWindow());
  afterAll(() => server.close());

  const maxReads = async () => (await server.backend("slow disk")).maxInProgress;

  test("responds from the file, by libuv's threads by default", async () => {
    const { body, headers, executor } = await server.call("GetConfig", {});
    expect(body).toEqual(config);
    expect(headers.get("unblock-strategy")).toBe("libuv");
    expect(executor).toBe("libuv");
  });

  test("libuv: ten reads at once, on threads without an id", async () => {
    const { replies, most } = await fireUntilOverlap(server, tenReads("libuv"), maxReads, 10);
    expect(most).toBe(10);
    expect(replies.map(({ body }) => body)).toEqual(replies.map(() => config));
    expect(new Set(replies.map(({ headers }) => headers.get("unblock-ran-on")))).toEqual(
      new Set([`libuv;pid=${process.pid}`]),
    );
  });

  test("blocking-pool: ten reads at once, on ten threads other than the event loop's", async () => {
    const { replies, most } = await fireUntilOverlap(
      server,
      tenReads("blocking-pool"),
      maxReads,
      10,
    );
    expect(most).toBe(10);
    expect(replies.map(({ body }) => body)).toEqual(replies.map(() => config));
    const slots = new Set(replies.map(({ slot }) => slot));
    expect(slots.size).toBe(10);
    expect(slots).not.toContain(`${process.pid}/0`);
  });

  test("event-loop: one read at a time, on the event loop's own thread", async () => {
    const replies = await fireAtOnce(server, tenReads("event-loop"));
    expect(replies.map(({ body }) => body)).toEqual(replies.map(() => config));
    expect(new Set(replies.map(({ slot }) => slot))).toEqual(new Set([`${process.pid}/0`]));
    const { calls, maxInProgress } = await server.backend("slow disk");
    expect({ calls, maxInProgress }).toEqual({ calls: 10, maxInProgress: 1 });
  });

  test("gives each of two hundred reads at once a file", async () => {
    const replies = await fireAtOnce(server, { ...tenReads("libuv"), calls: 200 });
    expect(replies.map(({ body }) => body)).toEqual(replies.map(() => config));
    expect((await server.backend("slow disk")).calls).toBe(200);
  });
});

describe("GetConfig, with libuv's pool left at Node's own four threads", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ libuvThreads: 4 });
  });
  afterAll(() => server.close());

  test("libuv: ten reads go three at a time, because one thread is the server's own", async () => {
    const maxReads = async () => (await server.backend("slow disk")).maxInProgress;
    const { replies, most } = await fireUntilOverlap(server, tenReads("libuv"), maxReads, 3);
    expect(most).toBe(3);
    expect(replies.map(({ body }) => body)).toEqual(replies.map(() => config));
    expect(await server.executor("libuv")).toMatchObject({ size: 3, maxRunning: 3 });
  });
});

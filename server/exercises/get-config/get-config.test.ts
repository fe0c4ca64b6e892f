import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { fireAtOnce, fireUntilOverlap } from "../../../testing/burst.ts";
import { startTestServer, type TestServer } from "../../../testing/test-server.ts";

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
    server = await startTestServer();
  });
  beforeEach(() => server.restartWindow());
  afterAll(() => server.close());

  const mostReads = async () => (await server.backend("slow disk")).mostInProgress;

  test("responds from the file, by libuv's threads by default", async () => {
    const { body, headers, place } = await server.call("GetConfig", {});
    expect(body).toEqual(config);
    expect(headers.get("unblock-strategy")).toBe("libuv");
    expect(place).toBe("libuv");
  });

  test("libuv: ten reads at once, on threads without an id", async () => {
    const { replies, most } = await fireUntilOverlap(server, tenReads("libuv"), mostReads, 10);
    expect(most).toBe(10);
    expect(replies.map(({ body }) => body)).toEqual(replies.map(() => config));
    expect(new Set(replies.map(({ headers }) => headers.get("unblock-ran-on")))).toEqual(
      new Set([`libuv;pid=${process.pid}`]),
    );
  });

  test("threads: ten reads at once, on ten threads other than the event loop's", async () => {
    const { replies, most } = await fireUntilOverlap(server, tenReads("threads"), mostReads, 10);
    expect(most).toBe(10);
    expect(replies.map(({ body }) => body)).toEqual(replies.map(() => config));
    const seats = new Set(replies.map(({ seat }) => seat));
    expect(seats.size).toBe(10);
    expect(seats).not.toContain(`${process.pid}/0`);
  });

  test("event-loop: one read at a time, on the event loop's own thread", async () => {
    const replies = await fireAtOnce(server, tenReads("event-loop"));
    expect(replies.map(({ body }) => body)).toEqual(replies.map(() => config));
    expect(new Set(replies.map(({ seat }) => seat))).toEqual(new Set([`${process.pid}/0`]));
    const { calls, mostInProgress } = await server.backend("slow disk");
    expect({ calls, mostInProgress }).toEqual({ calls: 10, mostInProgress: 1 });
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
    server = await startTestServer({ libuvThreads: 4, blockingThreads: 1, processes: 1 });
  });
  afterAll(() => server.close());

  test("libuv: ten reads go three at a time, because one thread is the server's own", async () => {
    const mostReads = async () => (await server.backend("slow disk")).mostInProgress;
    const { replies, most } = await fireUntilOverlap(server, tenReads("libuv"), mostReads, 3);
    expect(most).toBe(3);
    expect(replies.map(({ body }) => body)).toEqual(replies.map(() => config));
    expect(await server.place("libuv")).toMatchObject({ size: 3, mostRunning: 3 });
  });
});

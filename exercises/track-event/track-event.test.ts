import { openConnection } from "@unblock/client/client";
import { ExercisesService } from "@unblock/proto/gen/exercises";
import { fireAtOnce } from "@unblock/test/burst";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";

const event = { event: "page_view", user_id: 123 };
const accepted = { status: "accepted" };
/** Max wait on a busy machine. */
const patienceMs = 20_000;

describe("TrackEvent", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer();
  });
  beforeEach(async () => {
    await untilIdle();
    await server.restartWindow();
  });
  afterAll(() => server.close());

  const untilIdle = () =>
    vi.waitUntil(async () => (await server.executor("background")).running === 0, patienceMs);
  const analytics = async () => {
    const { calls, inProgress } = await server.backend("analytics");
    return { calls, inProgress };
  };
  /** Stops the backends' process until it is resumed. */
  const stopBackends = async () => {
    const { pid } = await server.backend("analytics");
    process.kill(pid, "SIGSTOP");
    return () => process.kill(pid, "SIGCONT");
  };

  test("accepts an event, in the background by default", async () => {
    const { body, headers, executor } = await server.call("TrackEvent", event);
    expect(body).toEqual(accepted);
    expect(headers.get("unblock-strategy")).toBe("background");
    expect(executor).toBe("background");
  });

  test("background: responds while analytics does not, and analytics gets the event", async () => {
    const goOn = await stopBackends();
    try {
      expect(await server.call("TrackEvent", event)).toMatchObject({ code: "ok", body: accepted });
    } finally {
      goOn();
    }
    await untilIdle();
    expect(await analytics()).toEqual({ calls: 1, inProgress: 0 });
  });

  test("background: the event arrives although the client disconnects at once", async () => {
    const { completed, failed } = await server.executor("background");
    const goOn = await stopBackends();
    try {
      const connection = openConnection({ baseUrl: server.url });
      const caller = new AbortController();
      const { trackEvent } = ExercisesService.method;
      const request = { event: "page_view", userId: 123 };
      await connection.transport.unary(trackEvent, caller.signal, undefined, undefined, request);
      caller.abort();
      connection.close();
    } finally {
      goOn();
    }
    await untilIdle();
    expect(await analytics()).toEqual({ calls: 1, inProgress: 0 });
    expect(await server.executor("background")).toMatchObject({ completed: completed + 1, failed });
    expect(server.logged).toEqual([]);
  });

  test("background: a burst is accepted as a whole, and every event arrives", async () => {
    const plan = { rpc: "TrackEvent", strategy: "background", calls: 200, request: () => event };
    const replies = await fireAtOnce(server, plan);
    expect(new Set(replies.map(({ code }) => code))).toEqual(new Set(["ok"]));
    await untilIdle();
    expect(await analytics()).toEqual({ calls: 200, inProgress: 0 });
  });

  test("await: responds when analytics has the event, on the event loop", async () => {
    const { body, slot } = await server.call("TrackEvent", event, { strategy: "await" });
    expect(await analytics()).toEqual({ calls: 1, inProgress: 0 });
    expect(body).toEqual(accepted);
    expect(slot).toBe(`${process.pid}/0`);
  });

  test.each([
    ["", 0],
    ["x", 257],
    ["\u{1f4c8}", 257],
  ])("rejects an event of %j, %i times", async (character, characters) => {
    const name = character.repeat(characters);
    expect(await server.call("TrackEvent", { ...event, event: name })).toMatchObject({
      code: "invalid_argument",
      error: "UNBLOCK_INVALID_REQUEST",
      data: { problems: expect.stringContaining("event") },
    });
  });

  test.each([0, -1, -(2 ** 31)])("rejects user_id %i, and sends nothing", async (user_id) => {
    expect(await server.call("TrackEvent", { ...event, user_id })).toMatchObject({
      code: "invalid_argument",
      error: "UNBLOCK_INVALID_REQUEST",
      data: { problems: expect.stringContaining("user_id") },
    });
    await untilIdle();
    expect((await analytics()).calls).toBe(0);
  });

  test("takes the longest event and the largest user_id", async () => {
    const largest = { event: "\u{1f4c8}".repeat(256), user_id: 2 ** 31 - 1 };
    expect(await server.call("TrackEvent", largest)).toMatchObject({ code: "ok" });
  });
});

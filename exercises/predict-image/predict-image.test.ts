import { findExercise } from "@unblock/proto/exercises";
import { fireAtOnce, fireUntilOverlap } from "@unblock/test/burst";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

const eventLoopSlot = `${process.pid}/0`;
const strategies = findExercise("PredictImage")?.strategies.map(({ name }) => name) ?? [];
/** The specification's example. */
const exampleImage = "http://example.com/img.jpg";

describe("PredictImage", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ cpuWorkers: 2, blockingThreads: 5, processes: 1 });
  });
  beforeEach(() => server.restartWindow());
  afterAll(() => server.close());

  const maxDownloads = async () => (await server.backend("images")).maxInProgress;
  const fiveImages = (strategy: string) => ({
    rpc: "PredictImage",
    strategy,
    calls: 5,
    request: (n: number) => ({ image_url: `http://example.com/cats/${n}.png` }),
  });
  /** The names of the steps in the header server-timing. */
  const steps = (headers: Headers) =>
    headers.get("server-timing")?.replaceAll(/;dur=\d+\.\d+/g, "");

  test("distinguishes cats from dogs by their pixels", async () => {
    const animals = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? "cat" : "dog"));
    const replies = await Promise.all(
      animals.map((animal, index) =>
        server.call("PredictImage", { image_url: `http://example.com/${animal}s/${index}.png` }),
      ),
    );
    const bodies = replies.map(({ body }) => body);
    const right = bodies.filter((_, index) =>
      expect.objectContaining({ prediction: animals[index] }).asymmetricMatch(bodies[index]),
    );
    // A network is wrong now and then.
    expect(right.length).toBeGreaterThanOrEqual(9);
  });

  test("calls the specification's example a cat, on a worker by default", async () => {
    const { body, headers, executor } = await server.call("PredictImage", {
      image_url: exampleImage,
    });
    expect(body).toEqual({ prediction: "cat", confidence: expect.any(Number) });
    expect(headers.get("unblock-strategy")).toBe("cpu-pool");
    expect(executor).toBe("cpu-pool");
  });

  test("gives the same prediction and confidence with every strategy", async () => {
    const request = { image_url: exampleImage };
    const bodies = [];
    for (const strategy of strategies) {
      bodies.push((await server.call("PredictImage", request, { strategy })).body);
    }
    expect(bodies).toHaveLength(4);
    expect(new Set(bodies.map((body) => JSON.stringify(body))).size).toBe(1);
  });

  test("cpu-pool: five downloads at once, then two inferences at a time on two workers", async () => {
    const plan = fiveImages("cpu-pool");
    const { replies, most } = await fireUntilOverlap(server, plan, maxDownloads, 5);
    expect(most).toBe(5);
    const slots = new Set(replies.map(({ slot }) => slot));
    expect(slots.size).toBeLessThanOrEqual(2);
    expect(slots).not.toContain(eventLoopSlot);
    const { size, maxRunning } = await server.executor("cpu-pool");
    expect({ size, maxRunning }).toEqual({ size: 2, maxRunning: 2 });
    expect(steps(replies[0]?.headers ?? new Headers())).toBe("download, queue, work");
  });

  test("blocking-pool: five at once, download and inference, each call on a thread", async () => {
    const plan = fiveImages("blocking-pool");
    const { replies, most } = await fireUntilOverlap(server, plan, maxDownloads, 5);
    expect(most).toBe(5);
    const slots = new Set(replies.map(({ slot }) => slot));
    expect(slots.size).toBe(5);
    expect(slots).not.toContain(eventLoopSlot);
    expect(steps(replies[0]?.headers ?? new Headers())).toBe("queue, work");
  });

  test("async: five downloads at once, then every inference on the event loop", async () => {
    const plan = fiveImages("async");
    const { replies, most } = await fireUntilOverlap(server, plan, maxDownloads, 5);
    expect(most).toBe(5);
    expect(new Set(replies.map(({ slot }) => slot))).toEqual(new Set([eventLoopSlot]));
    expect(steps(replies[0]?.headers ?? new Headers())).toBe("download, queue, work");
  });

  test("event-loop: one download at a time, and every inference, on the event loop", async () => {
    const replies = await fireAtOnce(server, { ...fiveImages("event-loop"), calls: 3 });
    expect(new Set(replies.map(({ slot }) => slot))).toEqual(new Set([eventLoopSlot]));
    const { calls, maxInProgress } = await server.backend("images");
    expect({ calls, maxInProgress }).toEqual({ calls: 3, maxInProgress: 1 });
    expect(steps(replies[0]?.headers ?? new Headers())).toBe("queue, work");
  });
});

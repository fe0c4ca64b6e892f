import { createHash } from "node:crypto";
import { findExercise } from "@unblock/proto/exercises";
import { fireAtOnce, fireUntilOverlap } from "@unblock/test/burst";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

/** Fewer than a call's calibrated rounds, but much longer than a burst needs to arrive. */
const someRounds = 80_000;
const eventLoopSlot = `${process.pid}/0`;
const strategies = findExercise("ComputeHash")?.strategies.map(({ name }) => name) ?? [];

/** Reference implementation. */
function chainedSha256(data: string, rounds: number): string {
  let digest = createHash("sha256").update(data).digest();
  for (let round = 1; round < rounds; round++) {
    digest = createHash("sha256").update(digest).digest();
  }
  return digest.toString("hex");
}

describe("ComputeHash", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ cpuWorkers: 2, processes: 2, blockingThreads: 12 });
  });
  beforeEach(() => server.restartWindow());
  afterAll(() => server.close());

  const tenHashes = (strategy: string) => ({
    rpc: "ComputeHash",
    strategy,
    calls: 10,
    request: (n: number) => ({ data: `data ${n}`, rounds: someRounds }),
  });
  const maxRunning = (executor: string) => async () => (await server.executor(executor)).maxRunning;

  test("one round is plain SHA-256, on a worker by default", async () => {
    const { body, headers, executor } = await server.call("ComputeHash", {
      data: "abc",
      rounds: 1,
    });
    expect(body).toEqual({
      // FIPS 180-2, appendix B.1
      hash: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      algorithm: "sha256",
    });
    expect(headers.get("unblock-strategy")).toBe("cpu-pool");
    expect(executor).toBe("cpu-pool");
  });

  test.each([
    ["nothing", "", 1],
    ["nothing, chained", "", 2],
    ["three letters, chained", "abc", 5_000],
    ["letters of more than one byte", "ünïcödé \u{1f512}", 1],
    ["the most there may be", "x".repeat(128 * 1024), 5],
  ])("hashes %s", async (_, data, rounds) => {
    const { body } = await server.call("ComputeHash", { data, rounds });
    expect(body).toEqual({ hash: chainedSha256(data, rounds), algorithm: "sha256" });
  });

  test("0 rounds means the same number for every call, stated in a header", async () => {
    const { body, headers } = await server.call("ComputeHash", { data: "test" });
    const rounds = Number(headers.get("unblock-rounds"));
    expect(rounds).toBeGreaterThan(1_000);
    expect(body).toEqual({ hash: chainedSha256("test", rounds), algorithm: "sha256" });
    const again = await server.call("ComputeHash", { data: "other" });
    expect(again.headers.get("unblock-rounds")).toBe(String(rounds));
  });

  test.each(strategies)("%s: the same hash", async (strategy) => {
    const { body, headers } = await server.call(
      "ComputeHash",
      { data: "abc", rounds: 100 },
      { strategy },
    );
    expect(body).toEqual({ hash: chainedSha256("abc", 100), algorithm: "sha256" });
    expect(headers.get("unblock-strategy")).toBe(strategy);
    expect(headers.get("unblock-rounds")).toBe("100");
  });

  test("cpu-pool: as many at once as there are workers, beside the event loop", async () => {
    const most = maxRunning("cpu-pool");
    const burst = await fireUntilOverlap(server, tenHashes("cpu-pool"), most, 2);
    expect(burst.most).toBe(2);
    const slots = new Set(burst.replies.map(({ slot }) => slot));
    expect(slots.size).toBe(2);
    expect(slots).not.toContain(eventLoopSlot);
  });

  test("processes: as many at once as there are processes, none of them the server's", async () => {
    const most = maxRunning("processes");
    const burst = await fireUntilOverlap(server, tenHashes("processes"), most, 2);
    expect(burst.most).toBe(2);
    const pids = new Set(burst.replies.map(({ slot }) => slot?.split("/")[0]));
    expect(pids.size).toBe(2);
    expect(pids).not.toContain(String(process.pid));
  });

  test("blocking-pool: ten at once on ten threads, far more than the two that the cores can use", async () => {
    const most = maxRunning("blocking-pool");
    const burst = await fireUntilOverlap(server, tenHashes("blocking-pool"), most, 10);
    expect(burst.most).toBe(10);
    const slots = new Set(burst.replies.map(({ slot }) => slot));
    expect(slots.size).toBe(10);
    expect(slots).not.toContain(eventLoopSlot);
  });

  // exercises/freezes.test.ts shows that the event loop is blocked completely.
  test.each(["async", "event-loop"])("%s: all on the event loop's own thread", async (strategy) => {
    const replies = await fireAtOnce(server, tenHashes(strategy));
    expect(new Set(replies.map(({ slot }) => slot))).toEqual(new Set([eventLoopSlot]));
    expect((await server.executor("cpu-pool")).maxRunning).toBe(0);
  });
});

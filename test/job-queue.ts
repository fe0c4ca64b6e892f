import { computeQueue } from "@unblock/executors/queue/protocol";
import { expect, vi } from "vitest";
import type { TestRedis } from "./redis.ts";
import type { Reply } from "./test-server.ts";

/** Options of waiting for jobs and connections, which take long on a busy machine. */
export const patience = { timeout: 25_000, interval: 20 };

/** Waits until so many jobs of a queue are in a state. Some are in it for milliseconds only. */
export function untilJobs(
  redis: TestRedis,
  state: "active" | "wait" | "prioritized",
  count: number,
  queue = computeQueue,
): Promise<unknown> {
  const command = state === "prioritized" ? "ZCARD" : "LLEN";
  return vi.waitUntil(
    async () => Number(await redis.command(command, `bull:${queue}:${state}`)) === count,
    { ...patience, interval: 5 },
  );
}

/** Repeats a call until it succeeds. */
export function untilOk(call: () => Promise<Reply>): Promise<void> {
  return vi.waitFor(async () => expect(await call()).toMatchObject({ code: "ok" }), patience);
}

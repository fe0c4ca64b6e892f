import { setTimeout as sleep } from "node:timers/promises";
import type { Queue } from "bullmq";
import type { RedisConnection } from "./connection.ts";
import { keptMs } from "./protocol.ts";

/** Poll interval while Redis is away, in milliseconds. */
const pollMs = 100;
/** How many withdrawals are sent at once. */
const batchSize = 100;
/** More that wait for Redis are not remembered, and are reported at once. */
const maxPending = 10_000;
/** How many ids a report names. */
const maxNamed = 10;

/**
 * Takes a job out of its queue in one step. Of one that is not there it leaves a mark in its place, so that
 * Redis rejects an addition that is still on its way: BullMQ adds no job whose id is taken.
 */
const script = {
  numberOfKeys: 4,
  lua: `
local id = ARGV[1]
if redis.call("LREM", KEYS[2], 1, id) + redis.call("ZREM", KEYS[3], id) + redis.call("ZREM", KEYS[4], id) > 0 then
  redis.call("DEL", KEYS[1])
  return "withdrawn"
end
if redis.call("EXISTS", KEYS[1]) == 1 then
  return "begun"
end
redis.call("SET", KEYS[1], "withdrawn", "PX", 3600000)
return "absent"`,
};
const command = "unblockWithdraw";

interface Pending {
  readonly queue: Queue;
  readonly sinceMs: number;
  /** Whether somebody believes that the job is not done. */
  readonly isReported: boolean;
}

/**
 * Jobs on their way out of the queue: nobody waits for them any more, or their callers were told that Redis
 * does not answer, which it may have heard all the same. What can't be withdrawn is reported.
 */
export class Withdrawals {
  readonly #connection: RedisConnection;
  readonly #log: (message: string) => void;
  readonly #pending = new Map<string, Pending>();
  #running: Promise<void> | undefined;
  #isClosed = false;

  constructor(connection: RedisConnection, log: (message: string) => void) {
    this.#connection = connection;
    this.#log = log;
    connection.client.defineCommand(command, script);
  }

  /** Withdraws a job that nobody waits for. One that has begun goes on. */
  withdraw(queue: Queue, id: string): void {
    this.#add(id, { queue, sinceMs: performance.now(), isReported: false });
  }

  /** Withdraws a job whose caller was told that it is not accepted, and reports when it is done all the same. */
  takeBack(queue: Queue, id: string, sinceMs: number): void {
    this.#add(id, { queue, sinceMs, isReported: true });
  }

  /** Resolves when none is left. */
  async settled(): Promise<void> {
    await this.#running;
  }

  /** Gives up those that are left. */
  close(): void {
    this.#isClosed = true;
    this.#report([...this.#pending].filter(([, { isReported }]) => isReported).map(([id]) => id));
    this.#pending.clear();
  }

  #add(id: string, pending: Pending): void {
    if (this.#isClosed || this.#pending.size >= maxPending) {
      this.#report(pending.isReported ? [id] : []);
      return;
    }
    this.#pending.set(id, pending);
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    while (this.#pending.size > 0) {
      if (this.#connection.isReady) {
        const batch = [...this.#pending].slice(0, batchSize);
        const done = await Promise.all(batch.map(([id, pending]) => this.#attempt(id, pending)));
        this.#report(done.flat());
      } else {
        await sleep(pollMs, undefined, { ref: false });
      }
    }
  }

  /** @returns the id, if it is to be reported */
  async #attempt(id: string, { queue, sinceMs, isReported }: Pending): Promise<string[]> {
    const keys = [id, "wait", "prioritized", "delayed"].map((name) => queue.toKey(name));
    try {
      const found: unknown = await this.#connection.client.runCommand(command, [...keys, id]);
      this.#pending.delete(id);
      const isGone = found === "absent" && performance.now() - sinceMs < keptMs;
      return isReported && found !== "withdrawn" && !isGone ? [id] : [];
    } catch {
      // Redis is away again, or has no memory left. It is asked again.
      await sleep(pollMs, undefined, { ref: false });
      return [];
    }
  }

  #report(ids: readonly string[]): void {
    if (ids.length === 0) {
      return;
    }
    const named = ids.slice(0, maxNamed).join(", ");
    const more = ids.length > maxNamed ? `, and ${ids.length - maxNamed} more` : "";
    this.#log(
      `Redis may have taken jobs whose callers were told that it does not answer, and they may be done all ` +
        `the same: ${named}${more}.`,
    );
  }
}

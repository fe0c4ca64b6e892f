import { setTimeout as sleep } from "node:timers/promises";
import type { Queue } from "bullmq";
import type { RedisConnection } from "./connection.ts";
import { keptMs } from "./protocol.ts";

const pollMs = 100;
const batchSize = 100;
/** Max cancellations that wait for Redis; more are reported at once. */
const maxPending = 10_000;
const maxNamed = 10;

/**
 * Removes a job from its queue atomically. For a job that is not there, leaves a mark, so that
 * Redis rejects its addition if it is still on the way: BullMQ adds no job whose id is taken.
 */
const script = {
  numberOfKeys: 4,
  lua: `
local id = ARGV[1]
if redis.call("LREM", KEYS[2], 1, id) + redis.call("ZREM", KEYS[3], id) + redis.call("ZREM", KEYS[4], id) > 0 then
  redis.call("DEL", KEYS[1])
  return "cancelled"
end
if redis.call("EXISTS", KEYS[1]) == 1 then
  return "begun"
end
redis.call("SET", KEYS[1], "cancelled", "PX", 3600000)
return "absent"`,
};
const command = "unblockCancel";

interface Pending {
  readonly queue: Queue;
  /** When the job's caller was told that it is not accepted; undefined if nobody waits for it. */
  readonly rejectedMs: number | undefined;
}

/**
 * Jobs to remove from the queue: nobody waits for them, or their callers got an error although
 * Redis may have accepted them. Reports those that could not be removed.
 */
export class Cancellations {
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

  /**
   * Removes a job, unless it has started.
   *
   * @param rejectedMs when its caller was told that it is not accepted: it is reported if it may be
   *   done anyway. Default: nobody waits for it
   */
  cancel(queue: Queue, id: string, rejectedMs?: number): void {
    if (this.#isClosed || this.#pending.size >= maxPending) {
      this.#report(rejectedMs === undefined ? [] : [id]);
      return;
    }
    this.#pending.set(id, { queue, rejectedMs });
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async settled(): Promise<void> {
    await this.#running;
  }

  close(): void {
    this.#isClosed = true;
    const rejected = [...this.#pending].filter(([, one]) => one.rejectedMs !== undefined);
    this.#report(rejected.map(([id]) => id));
    this.#pending.clear();
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

  /** @returns the id, if it has to be reported */
  async #attempt(id: string, { queue, rejectedMs }: Pending): Promise<string[]> {
    const keys = [id, "wait", "prioritized", "delayed"].map((name) => queue.toKey(name));
    try {
      const found: unknown = await this.#connection.client.runCommand(command, [...keys, id]);
      this.#pending.delete(id);
      if (rejectedMs === undefined || found === "cancelled") {
        return [];
      }
      // The record of a job that was done would still be there.
      const isGone = found === "absent" && performance.now() - rejectedMs < keptMs;
      return isGone ? [] : [id];
    } catch {
      // Redis is away again, or out of memory: try again.
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
      "Redis may have accepted jobs whose callers got an error, and they may be done anyway: " +
        `${named}${more}.`,
    );
  }
}

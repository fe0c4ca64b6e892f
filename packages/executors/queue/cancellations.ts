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
  readonly sinceMs: number;
  /** Whether a caller was told that the job is not accepted. */
  readonly isReported: boolean;
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

  /** Removes a job that nobody waits for. A job that has started continues. */
  cancel(queue: Queue, id: string): void {
    this.#add(id, { queue, sinceMs: performance.now(), isReported: false });
  }

  /**
   * Removes a job whose caller was told that it is not accepted; reports it if it may be done
   * anyway.
   */
  cancelRejected(queue: Queue, id: string, sinceMs: number): void {
    this.#add(id, { queue, sinceMs, isReported: true });
  }

  async settled(): Promise<void> {
    await this.#running;
  }

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

  /** @returns the id, if it has to be reported */
  async #attempt(id: string, { queue, sinceMs, isReported }: Pending): Promise<string[]> {
    const keys = [id, "wait", "prioritized", "delayed"].map((name) => queue.toKey(name));
    try {
      const found: unknown = await this.#connection.client.runCommand(command, [...keys, id]);
      this.#pending.delete(id);
      const isGone = found === "absent" && performance.now() - sinceMs < keptMs;
      return isReported && found !== "cancelled" && !isGone ? [id] : [];
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

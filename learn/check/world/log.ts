import { createHash } from "node:crypto";
import { keyInCache } from "@unblock/backends/cache";
import { monotonicMs } from "@unblock/measure/clock";
import type { WorldAddresses } from "../../service/channel.ts";

/** How the backends respond. */
export type Mood =
  /** Each request gets a right response with its own value. */
  | "right"
  /** Each request fails; of the five services the third. */
  | "failing"
  /** The response is empty. */
  | "empty"
  /** Responses are right and take several times as long. */
  | "slow";

export type AskedOutcome =
  | "in progress"
  /** The client was still connected. */
  | "answered"
  /** The client disconnected before the response. */
  | "cancelled";

/** A request at a backend. Times are on the clock of monotonicMs. */
export interface Asked {
  /** Such as "weather", "service-3" or "slow disk". */
  readonly backend: string;
  /** A city, key or path; "" where there is nothing to choose. */
  readonly what: string;
  readonly beganMs: number;
  readonly endedMs: number;
  readonly outcome: AskedOutcome;
  /** The response, as plain data. */
  readonly value: unknown;
}

export interface ConnectionCounts {
  /** Since the window began. */
  readonly opened: number;
  readonly open: number;
}

/** What the backends have seen since the window began. */
export interface Seen {
  readonly asked: readonly Asked[];
  /** Requests beyond those that are kept. */
  readonly uncounted: number;
  readonly connections: ConnectionCounts;
}

export interface WorldRequest {
  readonly id: number;
  /** Begins a new window with another mood, and makes the cache forget a key. */
  readonly restart?: { readonly mood: Mood; readonly forget: string | undefined };
}

export type WorldMessage =
  | { readonly kind: "ready"; readonly addresses: WorldAddresses }
  | { readonly kind: "seen"; readonly id: number; readonly seen: Seen };

/** Requests that are kept. */
const maxKept = 5_000;
/** Share by which a wait may be shorter than the exercise says. */
const shorter = 0.3;
/** Shuffles the waits of a burst, so that they end in another order than they began in. */
const shuffled = [0, 3, 6, 9, 1, 4, 7, 2, 5, 8];
/** Additional wait of slow backends. */
const slowMs = 700;

type Changing<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** Keeps the requests of the backends, and decides how they respond. */
export class WorldLog {
  mood: Mood = "right";
  #asked: Changing<Asked>[] = [];
  #uncounted = 0;
  #opened = 0;
  #open = 0;
  /** Counts all requests, so that no two get the same values. */
  #number = 0;

  restart(mood: Mood): void {
    this.mood = mood;
    this.#asked = this.#asked.filter(({ outcome }) => outcome === "in progress");
    this.#uncounted = 0;
    this.#opened = 0;
  }

  /** @returns the request's number, from 1 */
  nextNumber(): number {
    return ++this.#number;
  }

  /** @returns sets the outcome of the request */
  ask(backend: string, what: string, value: unknown): (outcome: AskedOutcome) => void {
    if (this.#asked.length >= maxKept) {
      this.#uncounted++;
      return () => {};
    }
    const beganMs = monotonicMs();
    const entry: Changing<Asked> = {
      backend,
      what,
      beganMs,
      endedMs: beganMs,
      outcome: "in progress",
      value,
    };
    this.#asked.push(entry);
    return (outcome) => {
      if (entry.outcome === "in progress") {
        entry.outcome = outcome;
        entry.endedMs = monotonicMs();
      }
    };
  }

  /** Returns the wait of a request. @param ms the exercise's */
  delayMs(ms: number, number: number): number {
    const part = (shuffled[number % shuffled.length] ?? 0) / shuffled.length;
    return ms * (1 - shorter * part) + (this.mood === "slow" ? slowMs : 0);
  }

  /** @returns called when the connection has closed */
  connect(): () => void {
    this.#opened++;
    this.#open++;
    return () => {
      this.#open--;
    };
  }

  seen(): Seen {
    const nowMs = monotonicMs();
    return {
      asked: this.#asked.map((one) =>
        one.outcome === "in progress" ? { ...one, endedMs: nowMs } : { ...one },
      ),
      uncounted: this.#uncounted,
      connections: { opened: this.#opened, open: this.#open },
    };
  }
}

/** A key with an empty value. */
const emptyKey = "empty";
const prefix = keyInCache("");
/** Digits of a hash that distinguish values. */
const digits = 6;

/** Returns a key without the service's prefix. */
export function plainKey(key: string): string {
  return key.startsWith(prefix) ? key.slice(prefix.length) : key;
}

/** Returns the value of a cache key. @param mark differs per check, so that nobody can know it */
export function valueOfKey(mark: string, key: string): string {
  return key === emptyKey ? "" : `cached_data ${hashOf(mark, key)}`;
}

/** Returns the content of the slow disk's file of a number. */
export function configOf(mark: string, number: number): string {
  return JSON.stringify({
    setting_a: `value1 ${hashOf(mark, `a${number}`)}`,
    setting_b: `value2 ${hashOf(mark, `b${number}`)}`,
  });
}

/** Returns a user of the database. */
export function userOf(
  mark: string,
  id: number,
): { readonly name: string; readonly email: string } {
  return { name: `User ${id}${mark}`, email: `user${id}${mark}@example.com` };
}

function hashOf(mark: string, text: string): string {
  return createHash("sha256").update(`${mark} ${text}`).digest("hex").slice(0, digits);
}

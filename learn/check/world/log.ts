import { createHash } from "node:crypto";
import { monotonicMs } from "../../../registry/clock.ts";
import { keyInCache } from "../../../server/backends/cache.ts";
import type { WorldAddresses } from "../../service/channel.ts";

/** How the world answers. */
export type Mood =
  /** Each request is answered as it should be, with a value of its own. */
  | "right"
  /** Each request fails. Of the five services the third. */
  | "failing"
  /** An answer comes, and has nothing in it. */
  | "empty"
  /** Answers are right, and take several times as long. */
  | "slow";

/** What became of a request. */
export type AskedOutcome =
  | "in progress"
  /** It was answered, and somebody was there to take it. */
  | "answered"
  /** Who asked was gone before it was answered. */
  | "cancelled";

/** A request as a backend saw it. Times are on the clock of monotonicMs. */
export interface Asked {
  /** Such as "weather", "service-3" or "slow disk". */
  readonly backend: string;
  /** What was asked for: a city, a key, a path; "" where there is nothing to choose. */
  readonly what: string;
  readonly beganMs: number;
  readonly endedMs: number;
  readonly outcome: AskedOutcome;
  /** What it was answered with, as plain data. */
  readonly value: unknown;
}

export interface ConnectionCounts {
  /** Since the window began. */
  readonly opened: number;
  /** Still open now. */
  readonly open: number;
}

/** What the backends saw since the window began. */
export interface Seen {
  readonly asked: readonly Asked[];
  /** More than the log takes, and were only counted. */
  readonly uncounted: number;
  readonly connections: ConnectionCounts;
}

export interface WorldRequest {
  readonly id: number;
  /** Begins a window anew, with another mood, and has the cache forget a key. */
  readonly restart?: { readonly mood: Mood; readonly forget: string | undefined };
}

export type WorldMessage =
  | { readonly kind: "ready"; readonly addresses: WorldAddresses }
  | { readonly kind: "seen"; readonly id: number; readonly seen: Seen };

/** Requests that are kept; a storm of more is only counted. */
const maxKept = 5_000;
/** So much shorter than the exercise says a wait may be, at most. */
const shorter = 0.3;
/** In which order waits of a burst grow shorter, so that they end in another order than they began in. */
const shuffled = [0, 3, 6, 9, 1, 4, 7, 2, 5, 8];
/** How much longer waits are in a slow world. */
const slowMs = 700;

type Changing<Type> = { -readonly [Key in keyof Type]: Type[Key] };

/** Notes what the backends are asked, and decides how they answer. */
export class WorldLog {
  mood: Mood = "right";
  #asked: Changing<Asked>[] = [];
  #uncounted = 0;
  #opened = 0;
  #open = 0;
  /** Of all requests since the start, so that no two have the same values. */
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

  /** @returns to be told what became of the request */
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

  /** How long a request waits, in milliseconds. @param ms what the exercise says */
  delayMs(ms: number, number: number): number {
    const part = (shuffled[number % shuffled.length] ?? 0) / shuffled.length;
    return ms * (1 - shorter * part) + (this.mood === "slow" ? slowMs : 0);
  }

  /** @returns to be told that the connection has closed */
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

/** A key that is there, and holds nothing. */
const emptyKey = "empty";
const prefix = keyInCache("");
/** How much of a hash tells values apart. */
const digits = 6;

/** Without what the service puts in front of its keys. */
export function plainKey(key: string): string {
  return key.startsWith(prefix) ? key.slice(prefix.length) : key;
}

/** What a key of the cache holds. @param mark differs from check to check, so that nobody can know it */
export function valueOfKey(mark: string, key: string): string {
  return key === emptyKey ? "" : `cached_data ${hashOf(mark, key)}`;
}

/** The content of the slow disk's file of that number. */
export function configOf(mark: string, number: number): string {
  return JSON.stringify({
    setting_a: `value1 ${hashOf(mark, `a${number}`)}`,
    setting_b: `value2 ${hashOf(mark, `b${number}`)}`,
  });
}

/** A user as the database has it. */
export function userOf(
  mark: string,
  id: number,
): { readonly name: string; readonly email: string } {
  return { name: `User ${id}${mark}`, email: `user${id}${mark}@example.com` };
}

function hashOf(mark: string, text: string): string {
  return createHash("sha256").update(`${mark} ${text}`).digest("hex").slice(0, digits);
}

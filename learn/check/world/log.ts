import type { JsonValue } from "@bufbuild/protobuf";
import type { Asked, AskedOutcome, Mood } from "@unblock/exercises/check-plan";
import { monotonicMs } from "@unblock/measure/clock";
import type { WorldAddresses } from "../../service/channel.ts";

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
  readonly restart?: Restart;
}

/** Begins a new window, whose values differ from those of earlier ones. */
export interface Restart {
  readonly mood: Mood;
  /** Part of the values. */
  readonly mark: string;
  /** Calls that may be made, whose values change. */
  readonly requests: readonly JsonValue[];
  /** A key that the cache forgets from now on. */
  readonly forget: string | undefined;
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

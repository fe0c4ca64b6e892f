import { monotonicMs } from "../../../registry/clock.ts";
import type { Asked, AskedOutcome, Mood, Seen } from "./messages.ts";

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

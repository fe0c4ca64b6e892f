import { type ReadonlySignal, signal } from "@preact/signals";
import { labClient } from "../connection/clients.ts";
import { onNextFrame } from "../connection/on-frames.ts";
import { noticeTrouble } from "../connection/presence.ts";
import { runAlone } from "../connection/run-in-progress.ts";
import type { Trouble } from "../connection/trouble.ts";
import { endReplay } from "./playhead.ts";
import { applyEvent, newRace, type Race } from "./race-model.ts";

/** The server bounds a race itself; this is for one that no longer does anything. */
const longestMs = 600_000;

export interface RaceWish {
  readonly exercise: string;
  readonly strategies: readonly string[];
  /** 0 for as many as the exercise's burst has. */
  readonly calls: number;
}

/** The last race of a view, which goes on while another view is shown. */
export interface RaceSession {
  readonly race: ReadonlySignal<Race | undefined>;
  /** Counts up when the race has changed, since it does so in place. */
  readonly version: ReadonlySignal<number>;
  readonly trouble: ReadonlySignal<Trouble | undefined>;
  readonly running: ReadonlySignal<boolean>;
  start(wish: RaceWish): Promise<void>;
}

export function createRaceSession(): RaceSession {
  const race = signal<Race | undefined>(undefined);
  const version = signal(0);
  const trouble = signal<Trouble | undefined>(undefined);
  const running = signal(false);
  const changed = onNextFrame(() => version.value++);

  const follow = async (wish: RaceWish, ended: AbortSignal) => {
    const begun = newRace(wish.exercise);
    endReplay();
    trouble.value = undefined;
    running.value = true;
    race.value = begun;
    const { strategies, ...others } = wish;
    try {
      const events = labClient.race(
        { ...others, strategies: [...strategies] },
        { signal: ended, timeoutMs: longestMs },
      );
      for await (const event of events) {
        applyEvent(begun, event);
        changed();
      }
    } catch (error) {
      trouble.value = noticeTrouble(error, "raced");
    } finally {
      running.value = false;
      version.value++;
    }
  };
  return {
    race,
    version,
    trouble,
    running,
    start: (wish) => runAlone((ended) => follow(wish, ended)),
  };
}

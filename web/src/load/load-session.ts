import { type ReadonlySignal, signal } from "@preact/signals";
import { labClient } from "../connection/clients.ts";
import { onNextFrame } from "../connection/on-frames.ts";
import { noticeTrouble } from "../connection/presence.ts";
import { runAlone } from "../connection/run-in-progress.ts";
import type { Trouble } from "../connection/trouble.ts";
import { applyLoadEvent, type Load, type LoadWish, newLoad } from "./load-model.ts";

const load = signal<Load | undefined>(undefined);
const version = signal(0);
const trouble = signal<Trouble | undefined>(undefined);
const running = signal(false);
const changed = onNextFrame(() => version.value++);

/** What a load may take beyond its duration: it starts a process, and late answers are waited for. */
const beyondMs = 120_000;

interface LoadSession {
  readonly load: ReadonlySignal<Load | undefined>;
  /** Counts up when the load has changed, since it does so in place. */
  readonly version: ReadonlySignal<number>;
  readonly trouble: ReadonlySignal<Trouble | undefined>;
  readonly running: ReadonlySignal<boolean>;
  start(wish: LoadWish): Promise<void>;
}

/** The page's last load, which goes on while another view is shown. */
export const loadSession: LoadSession = {
  load,
  version,
  trouble,
  running,
  start: (wish) => runAlone((ended) => follow(wish, ended)),
};

async function follow(wish: LoadWish, ended: AbortSignal): Promise<void> {
  const begun = newLoad(wish);
  trouble.value = undefined;
  running.value = true;
  load.value = begun;
  const timeoutMs = 1_000 * wish.durationS + beyondMs;
  try {
    for await (const event of labClient.load(wish, { signal: ended, timeoutMs })) {
      applyLoadEvent(begun, event);
      changed();
    }
  } catch (error) {
    trouble.value = noticeTrouble(error, "was under load");
  } finally {
    running.value = false;
    version.value++;
  }
}

import { signal } from "@preact/signals";

/**
 * The race or load that this page has started, of which there is one at a time: others would disturb
 * what it measures. With the server's vitals it makes the two streams that a page may have, since a
 * browser opens only six connections to a host.
 */
export const runInProgress = signal<AbortController | undefined>(undefined);

/** Runs `work` as the one in progress; does nothing while there is one. */
export async function runAlone(work: (ended: AbortSignal) => Promise<void>): Promise<void> {
  if (runInProgress.value !== undefined) {
    return;
  }
  const controller = new AbortController();
  runInProgress.value = controller;
  try {
    await work(controller.signal);
  } finally {
    runInProgress.value = undefined;
  }
}

export function stopRun(): void {
  runInProgress.value?.abort();
}

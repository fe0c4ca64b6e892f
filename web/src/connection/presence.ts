import { signal } from "@preact/signals";
import { vitalsClient } from "./clients.ts";
import { type Trouble, troubleOf } from "./trouble.ts";

const firstPauseMs = 250;
const longestPauseMs = 4_000;
const answerWithinMs = 3_000;

/** Whether the server does not answer. While it is away, and only then, the page asks for it. */
export const away = signal(false);

/** Cuts the pause short when a person does not want to wait for the next try. */
let askNow = () => {};

export function tryNow(): void {
  askNow();
}

/** As {@link troubleOf}, and looks for the server when it is the server that is away. */
export function noticeTrouble(error: unknown, doing: string): Trouble | undefined {
  const trouble = troubleOf(error, doing);
  if (trouble?.kind === "away" && !away.value) {
    away.value = true;
    void waitForReturn();
  }
  return trouble;
}

async function waitForReturn(): Promise<void> {
  for (let pauseMs = firstPauseMs; away.value; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    await pause(pauseMs);
    try {
      await vitalsClient.ping({}, { timeoutMs: answerWithinMs });
      away.value = false;
    } catch {
      // Still away: that is what the next try is for.
    }
  }
}

function pause(pauseMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, pauseMs);
    askNow = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

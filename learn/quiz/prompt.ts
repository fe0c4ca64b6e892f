import { listenToKeys } from "../terminal/keyboard.ts";

/** Asks a person on the terminal for single keys. */
export interface Prompt {
  /** Aborts when the person leaves: with q or Ctrl-C, also while nothing is asked. */
  readonly left: AbortSignal;
  /**
   * Waits for one of the keys.
   *
   * @throws the reason of `left` when the person leaves
   */
  press(text: string, keys: readonly string[]): Promise<string>;
  close(): void;
}

export function openPrompt(): Prompt {
  const leave = new AbortController();
  let waiting: { readonly keys: readonly string[]; take(key: string): void } | undefined;
  const stopListening = listenToKeys((key) => {
    if (key === "q" || key === "ctrl-c") {
      leave.abort();
      waiting?.take(key);
    } else if (waiting?.keys.includes(key)) {
      waiting.take(key);
    }
  });
  return {
    left: leave.signal,
    press: async (text, keys) => {
      leave.signal.throwIfAborted();
      const { promise, resolve } = Promise.withResolvers<string>();
      waiting = { keys, take: resolve };
      process.stdout.write(text);
      const key = await promise;
      waiting = undefined;
      leave.signal.throwIfAborted();
      return key;
    },
    close: stopListening,
  };
}

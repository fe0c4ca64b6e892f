import { listenToKeys } from "../terminal/keyboard.ts";

/** Asks a person on the terminal for single keys. */
export interface Prompt {
  /** Aborts when the person leaves: with q or Ctrl-C, also while nothing is asked. */
  readonly left: AbortSignal;
  /**
   * Waits for one of the keys. Any other key is told what is expected.
   *
   * @param expected the keys in words, such as "1 to 8"
   * @throws the reason of `left` when the person leaves
   */
  press(text: string, keys: readonly string[], expected: string): Promise<string>;
  close(): void;
}

export function openPrompt(): Prompt {
  const leave = new AbortController();
  let waiting: ((key: string) => void) | undefined;
  const stopListening = listenToKeys((key) => {
    if (key === "q" || key === "ctrl-c") {
      leave.abort();
    }
    waiting?.(key);
  });
  return {
    left: leave.signal,
    press: async (text, keys, expected) => {
      leave.signal.throwIfAborted();
      const { promise, resolve } = Promise.withResolvers<string>();
      process.stdout.write(text);
      waiting = (key) => {
        if (leave.signal.aborted || keys.includes(key)) {
          resolve(key);
        } else {
          const name = key.length === 1 ? `"${key}"` : `The key ${key}`;
          process.stdout.write(`\n${name} does nothing here: press ${expected}.\n${text}`);
        }
      };
      const key = await promise;
      waiting = undefined;
      leave.signal.throwIfAborted();
      return key;
    },
    close: stopListening,
  };
}

/** One line on standard error that says what goes on; nothing where nobody watches. */
export interface Progress {
  say(text: string): void;
  clear(): void;
}

export function createProgress(): Progress {
  if (!process.stderr.isTTY) {
    return { say: () => {}, clear: () => {} };
  }
  const clear = () => process.stderr.write("\r\x1b[K");
  return {
    say: (text) => {
      clear();
      // A line that wraps could not be cleared.
      process.stderr.write(text.slice(0, process.stderr.columns - 1));
    },
    clear,
  };
}

/** What goes on, on standard error: a line that counts the seconds, or a line a step when piped. */
export interface Steps {
  say(what: string): void;
  /** The last step is over. */
  done(): void;
}

const tickMs = 1_000;

/** @param stream where nobody watches, each step is a line */
export function createSteps(stream: NodeJS.WriteStream = process.stderr): Steps {
  if (!stream.isTTY) {
    return { say: (what) => stream.write(`${what}\n`), done: () => {} };
  }
  let timer: NodeJS.Timeout | undefined;
  const clear = () => {
    clearInterval(timer);
    stream.write("\r\x1b[K");
  };
  return {
    say: (what) => {
      clear();
      stream.write(what);
      let seconds = 0;
      timer = setInterval(() => {
        seconds++;
        stream.write(`\r\x1b[K${what} (${seconds} s)`);
      }, tickMs);
    },
    done: clear,
  };
}

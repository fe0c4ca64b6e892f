/** A terminal, a file or a pipe. */
interface Stream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Opens a line on a terminal that shows what is being done; on files and pipes it shows nothing. */
export function openProgressLine(stream: Stream) {
  let timer: NodeJS.Timeout | undefined;
  const write = (text: string) => {
    if (stream.isTTY) {
      // A wrapped line could not be cleared.
      stream.write(`\r\x1b[K${text.slice(0, (stream.columns ?? 80) - 1)}`);
    }
  };
  return {
    /** Shows a text, and redraws it every second. @param textAfter gets the seconds since then */
    show: (textAfter: (seconds: number) => string) => {
      clearInterval(timer);
      const beganMs = performance.now();
      const draw = () => write(textAfter(Math.floor((performance.now() - beganMs) / 1_000)));
      draw();
      timer = setInterval(draw, 1_000).unref();
    },
    clear: () => {
      clearInterval(timer);
      write("");
    },
  };
}

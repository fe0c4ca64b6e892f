import type { Listener } from "./report.ts";
import type { StepName } from "./result.ts";

/** Tells on a line of its own which step goes on, and for how long; where nobody watches, nothing. */
export interface Progress extends Listener {
  clear(): void;
}

/** How often the seconds are told, in milliseconds. */
const everyMs = 1_000;

/** @param before what comes first on the line, such as "3/8  C" */
export function createProgress(
  stream: Pick<NodeJS.WriteStream, "isTTY" | "write">,
  before: string,
): Progress {
  if (!stream.isTTY) {
    return { clear: () => {} };
  }
  let timer: NodeJS.Timeout | undefined;
  const clear = () => {
    clearInterval(timer);
    stream.write("\r\x1b[K");
  };
  return {
    clear,
    onBegin: (step: StepName) => {
      clear();
      const beganMs = performance.now();
      const say = () => {
        const seconds = Math.floor((performance.now() - beganMs) / 1_000);
        stream.write(`\r\x1b[K  ${before}  ${step} …${seconds >= 2 ? ` ${seconds} s` : ""}`);
      };
      say();
      timer = setInterval(say, everyMs);
    },
    onStep: clear,
  };
}

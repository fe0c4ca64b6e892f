import { listenToKeys } from "../terminal/keyboard.ts";
import type { Key } from "./model.ts";
import type { Size } from "./render/frame.ts";

/** The terminal while the course has all of it. */
export interface Screen {
  size(): Size;
  draw(lines: readonly string[]): void;
  /** Gives the terminal back as it was, until `resume`; more than once does no harm. */
  release(): void;
  /** Takes the terminal again. */
  resume(): void;
}

// The other screen, no cursor, and no new line where one is too long: the frame keeps its place.
const enter = "\x1b[?1049h\x1b[?25l\x1b[?7l";
const leave = "\x1b[?7h\x1b[?25h\x1b[?1049l";
// A terminal that knows these shows a frame when it is complete; others ignore them.
const beginFrame = "\x1b[?2026h\x1b[H";
const endFrame = "\x1b[J\x1b[?2026l";

/** Takes the terminal. It is given back also when the process crashes. */
export function openScreen(onKey: (key: Key) => void, onResize: () => void): Screen {
  const { stdout } = process;
  let drawn = "";
  let stopListening: (() => void) | undefined;
  const resize = () => {
    drawn = "";
    onResize();
  };
  const resume = () => {
    if (stopListening === undefined) {
      stopListening = listenToKeys(onKey);
      drawn = "";
      stdout.on("resize", resize).write(enter);
    }
  };
  const release = () => {
    if (stopListening !== undefined) {
      stopListening();
      stopListening = undefined;
      stdout.off("resize", resize).write(leave);
    }
  };
  resume();
  process.once("exit", release);
  // Before Node prints what crashed it: on the other screen nobody would see that.
  process.once("uncaughtExceptionMonitor", release);
  return {
    size: () => ({ columns: stdout.columns, rows: stdout.rows }),
    draw: (lines) => {
      const frame = lines.join("\x1b[K\r\n");
      if (stopListening !== undefined && frame !== drawn) {
        drawn = frame;
        stdout.write(`${beginFrame}${frame}\x1b[K${endFrame}`);
      }
    },
    release,
    resume,
  };
}

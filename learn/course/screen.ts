import { listenToKeys } from "../terminal/keyboard.ts";
import type { Key } from "./model.ts";
import type { Size } from "./render/frame.ts";

/** The terminal while the course has all of it. */
export interface Screen {
  size(): Size;
  draw(lines: readonly string[]): void;
  /** Gives the terminal back as it was; more than once does no harm. */
  restore(): void;
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
  let open = true;
  const resize = () => {
    drawn = "";
    onResize();
  };
  const stopListening = listenToKeys(onKey);
  const restore = () => {
    if (open) {
      open = false;
      stopListening();
      stdout.off("resize", resize).write(leave);
    }
  };
  stdout.on("resize", resize).write(enter);
  process.once("exit", restore);
  // Before Node prints what crashed it: on the other screen nobody would see that.
  process.once("uncaughtExceptionMonitor", restore);
  return {
    size: () => ({ columns: stdout.columns, rows: stdout.rows }),
    draw: (lines) => {
      const frame = lines.join("\x1b[K\r\n");
      if (open && frame !== drawn) {
        drawn = frame;
        stdout.write(`${beginFrame}${frame}\x1b[K${endFrame}`);
      }
    },
    restore,
  };
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { emitKeypressEvents } from "node:readline";

/** Key as node:readline names it: a lower-case letter, or such as "down", "pagedown", "ctrl-c". */
export type Key = string;

/**
 * Listens to single keys of the terminal, without Enter and without echo.
 *
 * @returns a function that stops listening and restores the terminal's mode; it may be called twice
 */
export function listenToKeys(onKey: (key: Key) => void): () => void {
  const { stdin } = process;
  const keypress = (_: unknown, key: { name?: string; sequence?: string; ctrl?: boolean }) => {
    const name = key.name ?? key.sequence ?? "";
    onKey(key.ctrl ? `ctrl-${name}` : name);
  };
  const stop = () => {
    stdin.off("keypress", keypress).setRawMode(false).pause();
    process.off("exit", stop);
  };
  emitKeypressEvents(stdin);
  stdin.on("keypress", keypress).setRawMode(true).resume();
  process.once("exit", stop);
  return stop;
}

/** A key as messages show it. */
export function describeKey(key: Key): string {
  return key.length === 1 ? `"${key}"` : `The key ${key}`;
}

// Alternate screen, no cursor, no automatic line break.
const enter = "\x1b[?1049h\x1b[?25l\x1b[?7l";
const leave = "\x1b[?7h\x1b[?25h\x1b[?1049l";
// Synchronized output: terminals that support it show only complete frames.
const beginFrame = "\x1b[?2026h\x1b[H";
const endFrame = "\x1b[J\x1b[?2026l";

/** Switches the terminal to full-screen mode. It is restored also when the process crashes. */
export function openScreen(onKey: (key: Key) => void, onResize: () => void) {
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
  // Node prints the error afterwards; on the alternate screen it would be lost.
  process.once("uncaughtExceptionMonitor", release);
  return {
    size: () => ({ columns: stdout.columns, rows: stdout.rows }),
    draw: (lines: readonly string[]) => {
      const frame = lines.join("\x1b[K\r\n");
      if (stopListening !== undefined && frame !== drawn) {
        drawn = frame;
        stdout.write(`${beginFrame}${frame}\x1b[K${endFrame}`);
      }
    },
    /** Restores the terminal until `resume`. Calling it twice is allowed. */
    release,
    resume,
  };
}

/**
 * Opens a file in an editor that uses the terminal until it exits.
 *
 * @param command with arguments, such as "code --wait"
 * @returns the problem when the editor failed
 */
export async function openEditor(command: string, file: string): Promise<string | undefined> {
  const child = spawn("sh", ["-c", `${command} "$1"`, "sh", file], { stdio: "inherit" });
  const ended: Promise<(number | null)[]> = once(child, "close");
  return ended.then(
    ([code]) => (code === 0 ? undefined : `${command} ended with exit code ${code ?? "none"}`),
    (error: Error) => error.message,
  );
}

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

import { emitKeypressEvents } from "node:readline";
import type { Key } from "../course/model.ts";

/**
 * Listens to single keys of the terminal, without Enter and without showing them.
 *
 * @returns how to stop, which gives the terminal its own ways back; more than once does no harm
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

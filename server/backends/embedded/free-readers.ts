import { closeSync, constants, openSync, readdirSync, rmSync, unlinkSync } from "node:fs";
import { join } from "node:path";

/**
 * Removes the folder of a slow disk whose process is dead, and frees whoever is blocked on its files.
 *
 * A reader whose FIFO has no writer waits for ever, cannot be aborted, and keeps its process from
 * exiting. To be the writer for a moment ends its read with nothing in it; the FIFO is gone before
 * the moment is over, so nobody opens it afterwards.
 */
export function freeReaders(diskFolder: string): void {
  for (const name of readdirSync(diskFolder)) {
    const path = join(diskFolder, name);
    const writer = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    unlinkSync(path);
    closeSync(writer);
  }
  rmSync(diskFolder, { recursive: true });
}

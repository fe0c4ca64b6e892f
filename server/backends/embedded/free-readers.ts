import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  rmSync,
  unlinkSync,
} from "node:fs";
import { join } from "node:path";

/**
 * Removes the folder of a slow disk whose process is dead, and frees whoever is blocked on its files.
 *
 * A reader whose FIFO has no writer waits for ever, cannot be aborted, and keeps its process from
 * exiting. To be the writer for a moment ends its read with nothing in it; the FIFO is gone before
 * the moment is over, so nobody opens it afterwards.
 */
export function freeReaders(diskFolder: string): void {
  // When the server ends, its main thread and its keeper may both be at it.
  if (!existsSync(diskFolder)) {
    return;
  }
  for (const name of readdirSync(diskFolder)) {
    freeReader(join(diskFolder, name));
  }
  rmSync(diskFolder, { recursive: true, force: true });
}

function freeReader(path: string): void {
  try {
    const writer = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    unlinkSync(path);
    closeSync(writer);
  } catch (error) {
    // Whoever removed it has freed its reader.
    const isGone = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (!isGone) {
      throw error;
    }
  }
}

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
  unlessGone(() => {
    for (const name of readdirSync(diskFolder)) {
      unlessGone(() => freeReader(join(diskFolder, name)));
    }
    rmSync(diskFolder, { recursive: true, force: true, maxRetries: 3 });
  });
}

function freeReader(path: string): void {
  const writer = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  unlinkSync(path);
  closeSync(writer);
}

/** When the server ends, its main thread and its keeper may both be at it: who removes a file frees its reader. */
function unlessGone(work: () => void): void {
  try {
    work();
  } catch (error) {
    const isGone = error instanceof Error && "code" in error && error.code === "ENOENT";
    if (!isGone) {
      throw error;
    }
  }
}

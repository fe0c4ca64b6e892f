import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";

/** A file whose reads block their thread in the kernel, as on a disk that hangs. */
export interface HungFile {
  readonly path: string;
  /** Resolves when a read hangs. */
  reached(): Promise<void>;
  /** Ends the reads as at the end of the file, and removes the file. */
  release(): void;
}

/** Creates a FIFO without a writer. Requires mkfifo, so not on Windows. */
export function createHungFile(): HungFile {
  const folder = mkdtempSync(join(tmpdir(), "hung-file-"));
  const path = join(folder, "file");
  execFileSync("mkfifo", [path]);
  const writers: number[] = [];
  return {
    path,
    // Opening it for writing fails until it is opened for reading. From then on, reads wait for data.
    reached: () =>
      vi.waitFor(
        () => {
          writers.push(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
        },
        { timeout: 20_000, interval: 1 },
      ),
    release: () => {
      // Gives a writer to those that still wait for one; closing it is the end of the file.
      writers.push(openSync(path, constants.O_RDWR | constants.O_NONBLOCK));
      rmSync(folder, { recursive: true });
      for (const writer of writers) {
        closeSync(writer);
      }
    },
  };
}

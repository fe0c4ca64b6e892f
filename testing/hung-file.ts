import { execFileSync } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";

/** A file of which every read blocks its thread in the kernel, as on a disk that hangs. */
export interface HungFile {
  readonly path: string;
  /** Resolves when a read has begun, which hangs. */
  reached(): Promise<void>;
  /** Ends the reads that hang, with nothing read, and removes the file. */
  release(): void;
}

/** A FIFO that nobody writes to. Needs mkfifo, which Windows lacks. */
export function createHungFile(): HungFile {
  const folder = mkdtempSync(join(tmpdir(), "hung-file-"));
  const path = join(folder, "file");
  execFileSync("mkfifo", [path]);
  const writers: number[] = [];
  return {
    path,
    reached: async () => {
      // There is no opening it for writing before somebody reads. From then on they wait for what is written.
      for (;;) {
        try {
          writers.push(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
          return;
        } catch {
          await setImmediate();
        }
      }
    },
    release: () => {
      // Who still waits for a writer has one now, whose end is the end of the file.
      writers.push(openSync(path, constants.O_RDWR | constants.O_NONBLOCK));
      rmSync(folder, { recursive: true });
      for (const writer of writers) {
        closeSync(writer);
      }
    },
  };
}

import { execFile } from "node:child_process";
import {
  close,
  closeSync,
  constants,
  open,
  openSync,
  readdirSync,
  rmSync,
  unlink,
  unlinkSync,
  write,
} from "node:fs";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { CallCounter } from "../call-counts.ts";
import { fifoPath } from "../disk.ts";

export const readMs = 30;
/**
 * FIFOs kept ready: more than the server has threads that read. One thread of this process's libuv
 * pool waits per FIFO, so the pool must be larger (UV_THREADPOOL_SIZE in supervisor.ts).
 */
export const readyFifos = 128;
/** Below this number, more are created at once. */
const fewFifos = 48;
/**
 * Otherwise they are created after this time without a read, because starting mkfifo delays reads.
 */
const pauseMs = 300;

export const content = JSON.stringify({ setting_a: "value1", setting_b: "value2" });

export const diskCounter = new CallCounter();

interface DiskRead {
  readonly content: string;
  readonly delayMs: number;
  /** Called after the content has been written; with an error if the reader had closed. */
  readonly onEnd: (error: Error | null) => void;
}

const everyRead = (): DiskRead => {
  diskCounter.begin();
  return { content, delayMs: readMs, onEnd: () => diskCounter.end() };
};

/**
 * A slow disk. Each file is a FIFO for one read: opening and reading it blocks the reader's thread
 * in the kernel, as with a real disk, until this process has waited and written.
 *
 * Files are numbered from 0 and created ahead, so that readers in any thread take the next number
 * from shared memory.
 *
 * @param onRead called with the file's number when it is opened
 * @throws Error when this machine has no mkfifo
 */
export async function serveSlowDisk(
  folder: string,
  onRead: (number: number) => DiskRead = everyRead,
): Promise<void> {
  let made = 0;
  let opened = 0;
  let filling = false;

  const fill = async () => {
    while (!filling && made - opened < readyFifos) {
      filling = true;
      const missing = readyFifos - (made - opened);
      const numbers = Array.from({ length: missing }, (_, index) => made + index);
      const paths = numbers.map((number) => fifoPath(folder, number));
      await promisify(execFile)("mkfifo", paths);
      made += missing;
      numbers.forEach(feed);
      filling = false;
    }
  };
  const fillInPause = setTimeout(fill, pauseMs);

  const feed = (number: number) => {
    const path = fifoPath(folder, number);
    // Calls back when a reader has opened the other end.
    open(path, "w", (error, file) => {
      if (error) {
        throw error;
      }
      const read = onRead(number);
      opened++;
      setTimeout(() => {
        // A reader may have closed it meanwhile.
        write(file, read.content, (error) => {
          close(file);
          read.onEnd(error);
        });
      }, read.delayMs);
      unlink(path, () => {});
      fillInPause.refresh();
      if (made - opened < fewFifos) {
        void fill();
      }
    });
  };

  await fill();
}

/** Without mkfifo (Windows), reads come from an ordinary file and are fast. */
export async function hasMkfifo(): Promise<boolean> {
  const folders = (process.env.PATH ?? "").split(":");
  const found = await Promise.allSettled(folders.map((folder) => access(join(folder, "mkfifo"))));
  return found.some(({ status }) => status === "fulfilled");
}

/**
 * Removes the folder of a dead slow disk and frees threads that are blocked on its files.
 *
 * A reader whose FIFO has no writer waits forever, can't be aborted and keeps its process from
 * exiting. Opening the FIFO for writing for a moment ends the read without content; the FIFO is
 * deleted before that, so nobody opens it afterwards.
 */
export function freeReaders(diskFolder: string): void {
  // When the server ends, its main thread and the supervisor may both free readers.
  unlessGone(() => {
    for (const name of readdirSync(diskFolder)) {
      unlessGone(() => {
        const path = join(diskFolder, name);
        const writer = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
        unlinkSync(path);
        closeSync(writer);
      });
    }
    rmSync(diskFolder, { recursive: true, force: true, maxRetries: 3 });
  });
}

function unlessGone(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) {
      throw error;
    }
  }
}

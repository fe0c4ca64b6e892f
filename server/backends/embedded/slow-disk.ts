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

/** How long a read takes, in milliseconds. */
export const readMs = 30;
/**
 * How many FIFOs stand ready: more than the server has threads that read. A thread of this process's
 * libuv pool waits at each, so the pool must be larger still (UV_THREADPOOL_SIZE in supervisor.ts).
 */
export const readyFifos = 128;
/** With fewer, more are made at once, whatever else goes on. */
const fewFifos = 48;
/** Otherwise they are made when nobody has read for this time: to start mkfifo delays reads, in ms. */
const pauseMs = 300;

/** What every read gives. */
export const content = JSON.stringify({ setting_a: "value1", setting_b: "value2" });

export const diskCounter = new CallCounter();

/** What a read gives, and when. */
interface DiskRead {
  readonly content: string;
  readonly delayMs: number;
  /** Told when the content has been written; the error when the reader closed before. */
  readonly onEnd: (error: Error | null) => void;
}

const everyRead = (): DiskRead => {
  diskCounter.begin();
  return { content, delayMs: readMs, onEnd: () => diskCounter.end() };
};

/**
 * A disk that takes its time. Each file is a FIFO for one read: to open and to read it blocks the
 * reader's thread in the kernel, as a real disk does, until the feeder here has waited and written.
 *
 * The files are numbered from 0 and made ahead, so readers in any thread take the next number from
 * shared memory and need to ask nobody.
 *
 * @param onRead told when a file is opened, which one by its number
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
    if (filling) {
      return;
    }
    filling = true;
    while (made - opened < readyFifos) {
      const missing = readyFifos - (made - opened);
      const numbers = Array.from({ length: missing }, (_, index) => made + index);
      const paths = numbers.map((number) => fifoPath(folder, number));
      await promisify(execFile)("mkfifo", paths);
      made += missing;
      for (const number of numbers) {
        feed(number);
      }
    }
    filling = false;
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
        // A reader that closed meanwhile gave up; that is its affair.
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

/** Where there is no mkfifo (Windows), reads come from an ordinary file, and are fast. */
export async function hasMkfifo(): Promise<boolean> {
  const folders = (process.env.PATH ?? "").split(":");
  const found = await Promise.allSettled(folders.map((folder) => access(join(folder, "mkfifo"))));
  return found.some(({ status }) => status === "fulfilled");
}

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

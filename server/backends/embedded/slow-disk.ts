import { execFile } from "node:child_process";
import { close, open, unlink, write } from "node:fs";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { CallCounter } from "../call-counts.ts";
import { fifoPath } from "../disk.ts";

/** How long a read takes, in milliseconds. */
const delayMs = 30;
/**
 * How many FIFOs stand ready: more than the server has threads that read. A thread of this process's
 * libuv pool waits at each, so the pool must be larger still (UV_THREADPOOL_SIZE in keeper.ts).
 */
export const readyFifos = 128;
/** With fewer, more are made at once, whatever else goes on. */
const fewFifos = 48;
/** Otherwise they are made when nobody has read for this time: to start mkfifo delays reads, in ms. */
const pauseMs = 300;

/** What every read gives. */
export const content = JSON.stringify({ setting_a: "value1", setting_b: "value2" });

export const diskCounter = new CallCounter();

/**
 * A disk that takes its time. Each file is a FIFO for one read: to open and to read it blocks the
 * reader's thread in the kernel, as a real disk does, until the feeder here has waited and written.
 *
 * The files are numbered from 0 and made ahead, so readers in any thread take the next number from
 * shared memory and need to ask nobody.
 *
 * @throws Error when this machine has no mkfifo
 */
export async function serveSlowDisk(folder: string): Promise<void> {
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
      const paths = Array.from({ length: missing }, (_, index) => fifoPath(folder, made + index));
      await promisify(execFile)("mkfifo", paths);
      made += missing;
      for (const path of paths) {
        feed(path);
      }
    }
    filling = false;
  };
  const fillInPause = setTimeout(fill, pauseMs);

  const feed = (path: string) => {
    // Calls back when a reader has opened the other end.
    open(path, "w", (error, file) => {
      if (error) {
        throw error;
      }
      diskCounter.begin();
      opened++;
      setTimeout(() => {
        // A reader that closed meanwhile gave up; that is its affair.
        write(file, content, () => close(file));
        diskCounter.end();
      }, delayMs);
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

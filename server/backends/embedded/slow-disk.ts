import { execFile } from "node:child_process";
import { access, open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { CallCounter } from "../call-counts.ts";
import { fifoPath } from "../disk.ts";

/** How long a read takes, in milliseconds. */
const delayMs = 30;
/**
 * How many FIFOs stand ready: more than the server has threads that read. A thread of this process's
 * libuv pool waits at each, so the pool must be larger still (UV_THREADPOOL_SIZE in keeper.ts).
 */
export const readyFifos = 64;
/** mkfifo costs a process, so it makes this many at once. */
const batch = 16;

const content = JSON.stringify({ setting_a: "value1", setting_b: "value2" });

export const diskCounter = new CallCounter();

/**
 * A disk that takes its time. Each file is a FIFO for one read: to open and to read it blocks the
 * reader's thread in the kernel, as a real disk does, until the feeder here has waited and written.
 *
 * The files are numbered from 0, and as one is opened the next is made, so readers in any thread
 * take the next number from shared memory and need to ask nobody.
 *
 * @throws Error when this machine has no mkfifo
 */
export async function serveSlowDisk(folder: string): Promise<void> {
  let made = 0;
  let opened = 0;
  let refilling = false;

  const makeBatch = async () => {
    const numbers = Array.from({ length: batch }, (_, index) => made + index);
    await promisify(execFile)(
      "mkfifo",
      numbers.map((number) => fifoPath(folder, number)),
    );
    made += batch;
    for (const number of numbers) {
      // A reader that closed before the content came gave up; that is its affair.
      feed(number).catch(() => {});
    }
  };

  const refill = async () => {
    if (refilling) {
      return;
    }
    refilling = true;
    while (made - opened < readyFifos) {
      await makeBatch();
    }
    refilling = false;
  };

  const feed = async (number: number) => {
    const path = fifoPath(folder, number);
    // Returns when a reader has opened the other end.
    const file = await open(path, "w");
    diskCounter.begin();
    try {
      opened++;
      await Promise.all([unlink(path), refill(), setTimeout(delayMs)]);
      await file.write(content);
    } finally {
      diskCounter.end();
      await file.close();
    }
  };

  await refill();
}

/** Where there is no mkfifo (Windows), reads come from an ordinary file, and are fast. */
export async function hasMkfifo(): Promise<boolean> {
  const folders = (process.env.PATH ?? "").split(":");
  const found = await Promise.allSettled(folders.map((folder) => access(join(folder, "mkfifo"))));
  return found.some(({ status }) => status === "fulfilled");
}

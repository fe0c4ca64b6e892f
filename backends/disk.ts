import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { backendUnavailable } from "@unblock/errors/failure";

/** Location of the slow disk's files. Plain data and shared memory, so that any thread can read. */
export interface Disk {
  readonly folder: string;
  /** Number of the next file, taken with an atomic add; undefined for an ordinary file. */
  readonly nextNumber: Int32Array | undefined;
}

/** The only file of a disk on a machine without FIFOs. */
export function ordinaryPath(folder: string): string {
  return join(folder, "config.json");
}

export function fifoPath(folder: string, number: number): string {
  return join(folder, `config-${number}.json`);
}

/** Max lookups, 1 ms apart, for a file that the disk has not created yet. */
const attempts = 2_000;

/** The user's own file if there is one, else the slow disk. */
export interface ConfigSource {
  readonly disk: Disk;
  readonly configFile: string | undefined;
}

/** Reads with fs/promises: a thread of libuv blocks, the caller's does not. */
export async function readFileOf({ disk, configFile }: ConfigSource): Promise<string> {
  if (configFile === undefined) {
    return readNextFile(disk);
  }
  try {
    return await readFile(configFile, "utf8");
  } catch (error) {
    throw unreadable(error);
  }
}

/** Reads and blocks the calling thread. */
export function readFileOfBlocking({ disk, configFile }: ConfigSource): string {
  if (configFile === undefined) {
    return readNextFileBlocking(disk);
  }
  try {
    return readFileSync(configFile, "utf8");
  } catch (error) {
    throw unreadable(error);
  }
}

/** Leaves out the path, which callers should not see. */
function unreadable(error: unknown): Error {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
  return backendUnavailable("config file", code);
}

async function readNextFile(disk: Disk): Promise<string> {
  const path = takePath(disk);
  for (let attempt = 1; ; attempt++) {
    try {
      return checked(await readFile(path, "utf8"));
    } catch (error) {
      assertRetry(disk, error, attempt);
      await setTimeout(1);
    }
  }
}

function readNextFileBlocking(disk: Disk): string {
  const path = takePath(disk);
  const sleep = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  for (let attempt = 1; ; attempt++) {
    try {
      return checked(readFileSync(path, "utf8"));
    } catch (error) {
      assertRetry(disk, error, attempt);
      Atomics.wait(sleep, 0, 0, 1);
    }
  }
}

function takePath({ folder, nextNumber }: Disk): string {
  return nextNumber ? fifoPath(folder, Atomics.add(nextNumber, 0, 1)) : ordinaryPath(folder);
}

// A FIFO whose writer died ends without a byte.
function checked(content: string): string {
  if (content === "") {
    throw backendUnavailable("slow disk", "it died during the read");
  }
  return content;
}

// Readers can be faster than the disk creates files; the folder of a dead disk is gone.
function assertRetry({ folder }: Disk, error: unknown, attempt: number): void {
  const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
  if (!missing) {
    throw error;
  }
  if (attempt === attempts || !existsSync(folder)) {
    throw backendUnavailable("slow disk", "it has no file for this read");
  }
}

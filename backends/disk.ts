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
export async function readFileOf(source: ConfigSource): Promise<string> {
  const path = takePath(source);
  for (let attempt = 1; ; attempt++) {
    try {
      return checked(source, await readFile(path, "utf8"));
    } catch (error) {
      assertRetry(source, error, attempt);
      await setTimeout(1);
    }
  }
}

export function readFileOfBlocking(source: ConfigSource): string {
  const path = takePath(source);
  const sleep = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  for (let attempt = 1; ; attempt++) {
    try {
      return checked(source, readFileSync(path, "utf8"));
    } catch (error) {
      assertRetry(source, error, attempt);
      Atomics.wait(sleep, 0, 0, 1);
    }
  }
}

function takePath({ configFile, disk: { folder, nextNumber } }: ConfigSource): string {
  const diskPath = () =>
    nextNumber ? fifoPath(folder, Atomics.add(nextNumber, 0, 1)) : ordinaryPath(folder);
  return configFile ?? diskPath();
}

function checked({ configFile }: ConfigSource, content: string): string {
  // A FIFO whose writer died ends without a byte.
  if (content === "" && configFile === undefined) {
    throw backendUnavailable("slow disk", "it died during the read");
  }
  return content;
}

function assertRetry({ disk, configFile }: ConfigSource, error: unknown, attempt: number): void {
  const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
  if (configFile !== undefined) {
    // Leaves out the path, which callers should not see.
    throw backendUnavailable("config file", code);
  }
  if (code !== "ENOENT") {
    throw error;
  }
  // Readers can be faster than the disk creates files; the folder of a dead disk is gone.
  if (attempt === attempts || !existsSync(disk.folder)) {
    throw backendUnavailable("slow disk", "it has no file for this read");
  }
}

/** D: the file on a slow disk, read in 30 ms with node:fs or node:fs/promises. */
import { existsSync } from "node:fs";
import { fifoPath, ordinaryPath } from "@unblock/backends/disk";
import { environment } from "../service/environment.ts";

/** Polls, a millisecond apart, for a file that the disk has not made yet. */
const attempts = 2_000;

/** Returns the path of the file for one read. */
export function configPath(): string {
  const { folder, nextNumber } = environment().addresses.disk;
  if (nextNumber === undefined) {
    return ordinaryPath(folder);
  }
  const path = fifoPath(folder, Atomics.add(nextNumber, 0, 1));
  const sleep = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
  // The disk makes files in advance, but many reads can be faster.
  for (let attempt = 1; !existsSync(path); attempt++) {
    if (attempt === attempts) {
      throw new Error(
        `Expected the slow disk to have made ${path} by now; it is gone, or too slow`,
      );
    }
    Atomics.wait(sleep, 0, 0, 1);
  }
  return path;
}

export function parseConfig(text: string): { settingA: string; settingB: string } {
  const config: unknown = JSON.parse(text);
  const { setting_a: settingA, setting_b: settingB }: Record<string, unknown> = Object(config);
  if (typeof settingA === "string" && typeof settingB === "string") {
    return { settingA, settingB };
  }
  throw new Error(`Expected JSON with setting_a and setting_b, got ${JSON.stringify(config)}`);
}

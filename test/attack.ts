import { appendFileSync, readFileSync } from "node:fs";
import { inject, test } from "vitest";

/** Memory and threads of a process. */
export interface Footprint {
  readonly residentMb: number;
  readonly threads: number;
}

export interface Attack {
  /** What was attacked and how, such as "300 requests that inflate to 4 MiB". */
  readonly sent: string;
  /** What the server did, such as "rejected 300 with resource_exhausted". */
  readonly did: string;
  readonly before: Footprint;
  readonly after: Footprint;
}

/** A test that needs `footprintOf`, so on Linux only. */
export const attackTest = test.skipIf(process.platform !== "linux");

/** @see https://man7.org/linux/man-pages/man5/proc_pid_status.5.html */
export function footprintOf(pid = process.pid): Footprint {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)?.[1]);
  return { residentMb: Math.round(field("VmRSS") / 1024), threads: field("Threads") };
}

/** Adds a line to the report that `npm run test:attack` prints at its end. */
export function reportAttack({ sent, did, before, after }: Attack): void {
  appendFileSync(
    inject("attackReport"),
    `attack  ${sent}; ${did}; memory ${before.residentMb} → ${after.residentMb} MB, ` +
      `threads ${before.threads} → ${after.threads}\n`,
  );
}

/**
 * Starts a learner's service, and outlives it: ends all that it started, removes its folder, and says who
 * was left. It does so too when the checker is gone, killed or not, as it is a process of its own.
 */

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, rmSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { heapMb, mostProcesses, mostTreeMb } from "../faults.ts";
import {
  adoptOrphans,
  buryOrphans,
  descendants,
  describeProcess,
  endProcesses,
  memoryMbOf,
} from "./process-tree.ts";

/** Between two looks at who is still there, in milliseconds. */
const lookMs = 50;
/** How often those who do not end are ended again: one that starts another meanwhile has a new one. */
const attempts = 100;
/** What a service started may take so long to end by itself after it, in milliseconds. */
const graceMs = 3_000;
/** Between two counts of the processes, in milliseconds. */
const countMs = 1_000;
/** The service's own children, which end by themselves after it. */
const ownPrograms = [
  "server/backends/embedded/process.ts",
  "server/places/child-process-worker.ts",
];

const { folder, program, preload, argument }: SupervisorOptions = JSON.parse(process.argv[2] ?? "");
// A terminal's Ctrl-C is the checker's affair, and the learner's code can't ask this process to end.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const) {
  process.on(signal, () => {});
}
adoptOrphans();
mkdirSync(folder, { recursive: true });

let isEnding = false;
let tooMuch: string | undefined;
const service = start();
// Only then does the checker see whether the service closes them.
closeSync(3);
closeSync(4);
const counting = setInterval(() => {
  tooMuch ??= whatIsTooMuch(all());
  if (tooMuch !== undefined) {
    endAll();
  }
}, countMs);

process.on("disconnect", endAll);
process.on("message", (request: SupervisorRequest) => {
  if (request === "kill") {
    endAll();
  } else {
    service.kill("SIGTERM");
  }
});
service.once("error", ({ message }) => leave({ kind: "not started", problem: message }));
service.once("exit", async (code, signal) => {
  clearInterval(counting);
  say({ kind: "exited" }, () => {});
  const left = await whoStays();
  for (let attempt = 0; attempt < attempts && all().length > 0; attempt++) {
    endAll();
    await setTimeout(lookMs);
  }
  buryOrphans();
  leave({ kind: "ended", code, signal, left, tooMuch });
});

function start(): ChildProcess {
  const options = [`--max-old-space-size=${heapMb}`, "--require", preload];
  return spawn(process.execPath, [...options, program, argument], {
    stdio: ["ignore", 1, 2, 3, 4],
    // A group of its own, so that all of it can be ended at once.
    detached: true,
  });
}

function whatIsTooMuch(pids: readonly number[]): string | undefined {
  if (pids.length > mostProcesses) {
    return `had started so many processes that there were ${pids.length} at once; the limit is ${mostProcesses}`;
  }
  const usedMb = Math.round(memoryMbOf(pids));
  return usedMb > mostTreeMb
    ? `took ${usedMb} MiB of memory with all the processes that it started; the limit is ${mostTreeMb}`
    : undefined;
}

function all(): readonly number[] {
  return descendants(service.pid ?? 0);
}

function endAll(): void {
  isEnding = true;
  try {
    process.kill(-(service.pid ?? 0), "SIGKILL");
  } catch {
    // Nobody of the group is left.
  }
  endProcesses(all());
}

/** Who does not end by itself after the service, unless all were to end anyway. */
async function whoStays(): Promise<readonly LeftProcess[]> {
  const foreign = () =>
    all()
      .map(describeProcess)
      .filter(({ command }) => !ownPrograms.some((own) => command.includes(own)));
  const untilMs = performance.now() + graceMs;
  while (!isEnding && performance.now() < untilMs && foreign().length > 0) {
    await setTimeout(lookMs);
  }
  return isEnding ? [] : foreign();
}

function leave(message: SupervisorMessage): void {
  rmSync(folder, { recursive: true, force: true });
  say(message, () => process.exit());
}

/** @param then called when it is said, or nobody is there any more to hear it */
function say(message: SupervisorMessage, then: () => void): void {
  if (process.send === undefined || !process.connected) {
    then();
  } else {
    process.send(message, then);
  }
}

/** What the supervisor is started with: JSON, its only argument. */
export interface SupervisorOptions {
  /** The service's temporary files; the supervisor makes it, and removes it. Others have another one. */
  readonly folder: string;
  /** Path of the service's main module. */
  readonly program: string;
  /** Path of the module that the service and its threads load first. */
  readonly preload: string;
  /** The service's only argument. */
  readonly argument: string;
}

/** To the supervisor: ask the service to stop with SIGTERM, or end all at once. */
export type SupervisorRequest = "stop" | "kill";

/** From the supervisor: "exited" first, unless the service was not started. */
export type SupervisorMessage =
  /** The service has ended; what it started may still be there. */
  | { readonly kind: "exited" }
  /** The service has ended, and so has all that it started. */
  | {
      readonly kind: "ended";
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
      /** Processes that were still there after it, and had to be ended. */
      readonly left: readonly LeftProcess[];
      /** Why the supervisor ended them all, with the limit; the text goes on after the file's name. */
      readonly tooMuch: string | undefined;
    }
  | { readonly kind: "not started"; readonly problem: string };

/** A process that outlived the service. */
export interface LeftProcess {
  readonly pid: number;
  /** Its command line, shortened. */
  readonly command: string;
}

/**
 * Starts a learner's service, and outlives it: ends everything that the service started, removes its
 * folder, and reports which processes were left. It is a process of its own so that it does so even when
 * the checker was killed.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, rmSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { heapMb, maxProcesses, maxTreeMb } from "../faults.ts";
import {
  adoptOrphans,
  descendants,
  describeProcess,
  endProcesses,
  isOwnProgram,
  type LeftProcess,
  memoryMbOf,
  reapOrphans,
} from "./process-tree.ts";

/** Request to the supervisor: ask the service to stop with SIGTERM, or end everything at once. */
export type SupervisorRequest = "stop" | "kill";

/** Message of the supervisor: "exited" comes first, unless the service was not started. */
export type SupervisorMessage =
  /** The service has ended; what it started may still run. */
  | { readonly kind: "exited" }
  /** The service and everything that it started have ended. */
  | {
      readonly kind: "ended";
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
      /** Processes that outlived the service and were killed. */
      readonly left: readonly LeftProcess[];
      /** The exceeded limit for which the supervisor ended them all; continues after the file's name. */
      readonly tooMuch: string | undefined;
    }
  | { readonly kind: "not started"; readonly problem: string };

/** Interval between polls for remaining processes. */
const pollMs = 50;
/** Kills at most: a process that starts another meanwhile needs another. */
const attempts = 100;
/** Time that what a service started may take to end by itself. */
const graceMs = 3_000;
/** Interval between checks of the limits. */
const limitsMs = 1_000;
const program = fileURLToPath(new URL("../../service/main.ts", import.meta.url));
/** Loaded first by the service and its threads. */
const preload = fileURLToPath(new URL("../../service/preload.ts", import.meta.url));

/** The service's temporary folder, which is created and removed here, and its only argument. */
const [folder = "", argument = ""] = process.argv.slice(2);
// The checker handles a terminal's Ctrl-C, and the learner's code can't ask this process to end.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"] as const) {
  process.on(signal, () => {});
}
adoptOrphans();
mkdirSync(folder, { recursive: true });

let isEnding = false;
let tooMuch: string | undefined;
const service = start();
// Without other holders, the checker notices when the service closes them.
closeSync(3);
closeSync(4);
const checking = setInterval(() => {
  tooMuch ??= exceededLimit(all());
  if (tooMuch !== undefined) {
    endAll();
  }
}, limitsMs);

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
  clearInterval(checking);
  send({ kind: "exited" }, () => {});
  const left = await remaining();
  for (let attempt = 0; attempt < attempts && all().length > 0; attempt++) {
    endAll();
    await setTimeout(pollMs);
  }
  reapOrphans();
  leave({ kind: "ended", code, signal, left, tooMuch });
});

function start(): ChildProcess {
  const options = [`--max-old-space-size=${heapMb}`, "--require", preload];
  return spawn(process.execPath, [...options, program, argument], {
    stdio: ["ignore", 1, 2, 3, 4],
    // A process group, so that all of it can be ended at once.
    detached: true,
  });
}

function exceededLimit(pids: readonly number[]): string | undefined {
  if (pids.length > maxProcesses) {
    return `had started so many processes that there were ${pids.length} at once; the limit is ${maxProcesses}`;
  }
  const usedMb = Math.round(memoryMbOf(pids));
  return usedMb > maxTreeMb
    ? `took ${usedMb} MiB of memory with all the processes that it started; the limit is ${maxTreeMb}`
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
    // The group is empty.
  }
  endProcesses(all());
}

/** Processes that do not end by themselves after the service; none when all are being ended. */
async function remaining(): Promise<readonly LeftProcess[]> {
  const foreign = () =>
    all()
      .filter((pid) => !isOwnProgram(pid))
      .map(describeProcess);
  const untilMs = performance.now() + graceMs;
  while (!isEnding && performance.now() < untilMs && foreign().length > 0) {
    await setTimeout(pollMs);
  }
  return isEnding ? [] : foreign();
}

function leave(message: SupervisorMessage): void {
  rmSync(folder, { recursive: true, force: true });
  send(message, () => process.exit());
}

/** @param then called when the message is sent, or the checker is gone */
function send(message: SupervisorMessage, then: () => void): void {
  if (process.send === undefined || !process.connected) {
    then();
  } else {
    process.send(message, then);
  }
}

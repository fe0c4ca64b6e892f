/**
 * Makes a machine that is not quiet: keeps a random core busy for 0.2 to 3 s, pauses for 0.2 to 3 s, and so on until
 * it is killed or its standard input closes.
 *
 * node test/hog.ts
 */
import { type ChildProcess, spawn } from "node:child_process";
import { setTimeout } from "node:timers/promises";
import { readCores } from "@unblock/measure/cores";

const minMs = 200;
const maxMs = 3_000;
const { cpus } = readCores();
let busy: ChildProcess | undefined;

function end(): void {
  busy?.kill("SIGKILL");
  process.exit(0);
}

process.once("SIGTERM", end);
process.once("SIGINT", end);
process.stdin.once("end", end).resume();

const pause = () => setTimeout(minMs + Math.random() * (maxMs - minMs));

for (;;) {
  const cpu = cpus[Math.floor(Math.random() * cpus.length)] ?? 0;
  busy = spawn("taskset", ["-c", `${cpu}`, "sh", "-c", "while :; do :; done"], { stdio: "ignore" });
  await pause();
  busy.kill("SIGKILL");
  await pause();
}

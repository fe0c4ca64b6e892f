import { execFileSync } from "node:child_process";
import { pbkdf2, pbkdf2Sync } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

async function watch(name: string, work: () => unknown): Promise<void> {
  await sleep(1);
  const beganMs = performance.now();
  const loopBefore = performance.eventLoopUtilization();
  const cpuBefore = process.threadCpuUsage();
  await work();
  const { user, system } = process.threadCpuUsage(cpuBefore);
  const cpu = (user + system) / 1_000 / (performance.now() - beganMs);
  const loop = performance.eventLoopUtilization(loopBefore).utilization;
  // Another program may have used the core meanwhile, so less than 1 means computing too.
  const verdict = loop < 0.5 ? "free" : `blocked by ${cpu > 0.1 ? "computing" : "waiting"}`;
  console.log(`${name}: the loop is ${verdict}`);
  console.log(`here: utilization ${loop.toFixed(2)}, CPU of this thread ${cpu.toFixed(2)}`);
}

const rounds = 500_000;
const waitsAWhile = ["-e", "setTimeout(() => {}, 200)"];
await watch("pbkdf2Sync", () => pbkdf2Sync("password", "salt", rounds, 32, "sha256"));
await watch("execFileSync", () => execFileSync(process.execPath, waitsAWhile));
await watch("pbkdf2", () => promisify(pbkdf2)("password", "salt", rounds, 32, "sha256"));
await watch("setTimeout", () => sleep(200));

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { attackTest, footprintOf, reportAttack } from "@unblock/test/attack";
import { afterAll, beforeAll, describe, expect, vi } from "vitest";
import { frameType } from "../frames.ts";
import { floods } from "../testing/floods.ts";
import { get, openPeer } from "../testing/server.ts";

const examplePath = fileURLToPath(new URL("../examples/server.ts", import.meta.url));
const attackMs = 1_500;
const probeIntervalMs = 5;
/** Connections of the attacker: each is opened again when the server has ended it. */
const attackers = 4;
const maxGrowthMb = 100;

let server: ChildProcess;
let port = 0;

beforeAll(async () => {
  server = spawn(process.execPath, [examplePath], {
    env: { ...process.env, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [output] = server.stdout === null ? [] : await once(server.stdout, "data");
  port = Number(/port: (\d+)/.exec(String(output))?.[1]);
});
afterAll(() => server.kill("SIGKILL"));

/** CPU time of the server so far. @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
function cpuMs(): number {
  const fields = readFileSync(`/proc/${server.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  // In ticks, of which Linux has 100 per second.
  return 10 * (Number(fields[11]) + Number(fields[12]));
}

const compared = Object.entries({ "nothing (for comparison)": () => Buffer.alloc(0), ...floods });

/** Attacks until time is up, with a new connection for each that the server ends. */
async function attack(flood: Buffer, untilMs: number): Promise<number> {
  let connections = 0;
  while (performance.now() < untilMs) {
    const peer = await openPeer(port);
    connections++;
    peer.write(flood);
    await vi
      .waitUntil(() => peer.frames.some(({ type }) => type === frameType.goAway) || peer.isClosed, {
        timeout: Math.max(1, untilMs - performance.now()),
        interval: 1,
      })
      .catch(() => {});
    peer.socket.destroy();
  }
  return connections;
}

/** Latencies of requests that another client makes meanwhile, sorted. */
async function probe(untilMs: number): Promise<number[]> {
  const peer = await openPeer(port);
  const latencies: number[] = [];
  for (let id = 1; performance.now() < untilMs; id += 2) {
    const beginMs = performance.now();
    peer.write(peer.headers(id, get));
    await vi.waitUntil(() => peer.of(id).length > 0, { timeout: 10_000, interval: 1 });
    latencies.push(performance.now() - beginMs);
    await new Promise((resolve) => setTimeout(resolve, probeIntervalMs));
  }
  return latencies.sort((a, b) => a - b);
}

describe("the server keeps serving others during", () => {
  for (const [name, flood] of compared) {
    attackTest(name, async () => {
      const bytes = flood();
      const before = footprintOf(server.pid);
      const [beginMs, beginCpuMs] = [performance.now(), cpuMs()];
      const untilMs = beginMs + attackMs;
      const attacks = Array.from({ length: attackers }, () => attack(bytes, untilMs));
      const [latencies, counts] = await Promise.all([probe(untilMs), Promise.all(attacks)]);
      const cost = Math.round((100 * (cpuMs() - beginCpuMs)) / (performance.now() - beginMs));
      const p99 = latencies[Math.floor(0.99 * latencies.length)] ?? 0;
      const connections = counts.reduce((sum, count) => sum + count, 0);
      const after = footprintOf(server.pid);
      reportAttack({
        sent: `${name} on ${attackers} connections at once, ${connections} in all`,
        did: `used ${cost} % of a core, answered ${latencies.length} probes, p99 ${p99.toFixed(1)} ms`,
        before,
        after,
      });
      expect(latencies.length).toBeGreaterThan(10);
      expect(after.residentMb - before.residentMb).toBeLessThan(maxGrowthMb);
    });
  }
});

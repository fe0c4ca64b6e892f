import { createHash } from "node:crypto";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunningCommand } from "@unblock/test/cli";
import { temporaryFolder } from "@unblock/test/folder";
import {
  canMakeHosts,
  makeNetwork,
  type Network,
  type NetworkHost,
} from "@unblock/test/network-hosts";
import { isAlive } from "@unblock/test/processes";
import { hasProgram } from "@unblock/test/programs";
import { hasRedis } from "@unblock/test/redis";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";

const waitOptions = { timeout: 30_000, interval: 50 };
const testTimeoutMs = 60_000;
const balanced = "http://127.0.0.1:9000";
const canRun = hasProgram("haproxy") && canMakeHosts();

// Two servers on separate hosts, behind a load balancer.
describe.skipIf(!canRun)("behind haproxy (skipped without haproxy, ip, and root)", () => {
  let network: Network;
  let started: RunningCommand[] = [];
  beforeAll(() => {
    network = makeNetwork();
  });
  afterEach(async () => {
    for (const { child } of started) {
      child.kill("SIGCONT");
      child.kill("SIGTERM");
    }
    await Promise.all(started.map(({ exited }) => exited));
    started = [];
  });
  afterAll(() => network?.close());

  function keep(command: RunningCommand): RunningCommand {
    started.push(command);
    return command;
  }

  async function startServer(host: NetworkHost, env: Record<string, string> = {}) {
    const sizes = ["--cpu-workers", "1", "--blocking-threads", "1", "--processes", "1"];
    const flags = ["--host", host.address, "--port", "8080", "--shutdown-notice=2s", ...sizes];
    const command = keep(host.start("node", ["server/main.ts", ...flags], env));
    await vi.waitUntil(() => command.stdout().includes("serves"), waitOptions);
    return { command, url: `http://${host.address}:8080` };
  }

  async function startAll(config = "docs/scaling/haproxy.cfg") {
    const servers = await Promise.all(network.hosts.map((host) => startServer(host)));
    const [one, two] = network.hosts.map(({ address }) => `${address}:8080`);
    const env = { SERVER_ONE: one ?? "", SERVER_TWO: two ?? "" };
    keep(network.middle.start("haproxy", ["-f", config], env));
    await vi.waitUntil(async () => (await call("GetDashboard")).code === 0, waitOptions);
    const [first, second] = servers;
    if (!first || !second) {
      throw new Error("Expected two servers");
    }
    return [first, second] as const;
  }

  /** Runs a command to its end, on the load balancer's host. */
  async function run(program: string, ...args: readonly string[]) {
    const command = network.middle.start(program, args);
    const code = await command.exited;
    return { code, stdout: command.stdout(), stderr: command.stderr() };
  }

  const call = (rpc: string, url = balanced) =>
    run("node", "client/call.ts", rpc, "{}", "--url", url, "--protocol", "grpc");

  async function load(...flags: readonly string[]): Promise<Record<string, number>> {
    const args = ["run", ...flags, "--url", balanced, "--json"];
    const { stdout } = await run("node", "loadtest/main.ts", ...args);
    return JSON.parse(stdout).statusCodeDistribution;
  }

  async function callsInProgress(url: string): Promise<number> {
    const { stdout } = await run("curl", "-s", `${url}/metrics`);
    return Number(/^rpc_server_in_progress (\d+)/m.exec(stdout)?.[1]);
  }

  async function backendsOf(url: string): Promise<number> {
    const { stdout } = await call("GetVitals", url);
    const vitals: { backends: { name: string; pid: number }[] } = JSON.parse(stdout);
    const pid = vitals.backends.find(({ name }) => name === "weather")?.pid;
    if (pid === undefined) {
      throw new Error("Expected the vitals to tell of the weather service");
    }
    return pid;
  }

  test(
    "a server that is killed loses the calls in progress on it, which are told Unavailable, and no other",
    async () => {
      const [one, two] = await startAll();
      // Calls that wait for a stopped backend stay in progress until it is resumed.
      const held = await Promise.all([backendsOf(one.url), backendsOf(two.url)]);
      for (const pid of held) {
        process.kill(pid, "SIGSTOP");
      }
      const requests = ["--concurrency", "40", "--requests", "40"];
      const answers = load("GetWeather", '--data={"city":"oslo"}', ...requests);
      const inProgress = () => Promise.all([callsInProgress(one.url), callsInProgress(two.url)]);
      await vi.waitUntil(async () => {
        const [first, second] = await inProgress();
        return first + second >= 40;
      }, waitOptions);
      const [lost] = await inProgress();
      one.command.child.kill("SIGKILL");
      await once(one.command.child, "exit");
      for (const pid of held) {
        process.kill(pid, "SIGCONT");
      }
      expect(await answers).toEqual({ Unavailable: lost, OK: 40 - lost });
      expect(lost).toBeGreaterThan(0);
      expect(await load("GetConfig", "--requests", "20")).toEqual({ OK: 20 });
      await vi.waitUntil(() => !isAlive(held[0]), waitOptions);
    },
    testTimeoutMs,
  );

  async function pingsServed(url: string): Promise<number> {
    const { stdout } = await run("curl", "-s", `${url}/metrics`);
    return Number(/^rpc_server_handled_total{.*"Ping".*} (\d+)/m.exec(stdout)?.[1] ?? 0);
  }

  test(
    "the calls of one connection are spread over both servers",
    async () => {
      const [one, two] = await startAll();
      await load("Ping", "--requests", "200", "--connections", "1");
      const [first, second] = await Promise.all([pingsServed(one.url), pingsServed(two.url)]);
      expect(first + second).toBe(200);
      expect(Math.min(first, second)).toBeGreaterThan(50);
    },
    testTimeoutMs,
  );

  test(
    "a load balancer that only passes connections on has one server do all of one's calls",
    async () => {
      const folder = temporaryFolder();
      const config = join(folder, "tcp.cfg");
      const grpc = readFileSync("docs/scaling/haproxy.cfg", "utf8");
      writeFileSync(
        config,
        grpc
          .replace("mode http", "mode tcp")
          .replace("9000 proto h2", "9000")
          .replace("proto h2 check check-proto h1", "check")
          .replaceAll(/^.*(httpchk|http-check|retry-on).*\n/gm, ""),
      );
      const [one, two] = await startAll(config);
      await load("Ping", "--requests", "200", "--connections", "1");
      const served = await Promise.all([pingsServed(one.url), pingsServed(two.url)]);
      expect(served.toSorted((a, b) => a - b)).toEqual([0, 200]);
    },
    testTimeoutMs,
  );

  const weatherLoad = () =>
    load(
      ...["GetWeather", '--data={"city":"oslo"}', "--timeout", "10s"],
      ...["--rate", "200", "--duration", "5s"],
    );

  test(
    "a server that is killed under load costs the calls that it had, all of them Unavailable",
    async () => {
      const [one] = await startAll();
      const answers = weatherLoad();
      await vi.waitUntil(async () => (await callsInProgress(one.url)) > 5, waitOptions);
      one.command.child.kill("SIGKILL");
      const { OK = 0, Unavailable = 0, ...others } = await answers;
      expect(others).toEqual({});
      expect(OK + Unavailable).toBe(1_000);
      // A call takes 200 ms: 40 are in progress, half of them there.
      expect(Unavailable).toBeGreaterThan(0);
      expect(Unavailable).toBeLessThan(80);
    },
    testTimeoutMs,
  );

  test(
    "a server that is told to stop under load costs none",
    async () => {
      const [one] = await startAll();
      const answers = weatherLoad();
      await vi.waitUntil(async () => (await callsInProgress(one.url)) > 5, waitOptions);
      one.command.child.kill("SIGTERM");
      expect(await answers).toEqual({ OK: 1_000 });
      expect(await one.command.exited).toBe(0);
    },
    testTimeoutMs,
  );

  test.skipIf(!hasRedis())(
    "a job of one host's server is done by a worker on the other",
    async () => {
      const folder = temporaryFolder();
      const [one, two] = network.hosts;
      const redis = keep(
        network.middle.start("redis-server", [
          ...["--bind", one.gateway, two.gateway, "--requirepass", "secret"],
          ...["--dir", folder, "--appendonly", "yes", "--save", ""],
        ]),
      );
      await vi.waitUntil(() => redis.stdout().includes("Ready to accept"), waitOptions);
      const urlFrom = ({ gateway }: NetworkHost) => ({ REDIS_URL: `redis://:secret@${gateway}` });
      const server = await startServer(one, urlFrom(one));
      const worker = keep(
        two.start("node", ["worker/main.ts", "--cpu-workers", "1"], urlFrom(two)),
      );
      const flags = ["--url", server.url, "--strategy", "queue", "-v"];
      const hash = await run(
        "node",
        "client/call.ts",
        "ComputeHash",
        '{"data":"x","rounds":1}',
        ...flags,
      );
      expect(JSON.parse(hash.stdout)).toEqual({
        hash: createHash("sha256").update("x").digest("hex"),
        algorithm: "sha256",
      });
      expect(hash.stderr).toContain(`unblock-ran-on: queue;pid=${worker.child.pid}`);
      expect(server.command.stderr() + worker.stderr()).not.toContain("secret");
    },
    testTimeoutMs,
  );
});

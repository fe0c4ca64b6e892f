import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createCertificates } from "@unblock/test/certificates";
import { runCommand, startCommand } from "@unblock/test/cli";
import { serveConnect } from "@unblock/test/echo-connect-server";
import { type GrpcServer, serveGrpc } from "@unblock/test/echo-grpc-server";
import { echo } from "@unblock/test/echo-schema";
import { temporaryFolder } from "@unblock/test/folder";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { LatencyHistogram } from "./histogram.ts";
import { toDescriptorSet } from "./target/descriptor-set.ts";

let server: TestServer;
let echoServer: GrpcServer;
const folder = temporaryFolder();
let echoSet: string;
beforeAll(async () => {
  server = await startTestServer({ blockingThreads: 16 });
  echoServer = await serveGrpc();
  echoSet = join(folder, "echo.binpb");
  await writeFile(echoSet, toDescriptorSet(echo.parent.file));
});
afterAll(async () => {
  await server.close();
  echoServer.close();
});

const until = (isTrue: () => boolean) => vi.waitUntil(isTrue, { timeout: 30_000, interval: 20 });

/** Exit codes of a good run. On a busy machine the client may have been the limit (3). */
const goodOrBusy = [0, 3];
const loadtest = (...args: string[]) => runCommand(process.execPath, ["loadtest/main.ts", ...args]);
/** Runs a load on the test server and returns its report. */
const report = async (...args: string[]) => {
  const { stdout } = await loadtest(...args, "--url", server.url, "--json");
  return JSON.parse(stdout);
};

describe("a closed loop", () => {
  test("starts a server without --url, and counts every call", async () => {
    const { code, stdout, stderr } = await loadtest("GetUser", "--requests", "20", "--json");
    expect(goodOrBusy).toContain(code);
    expect(stderr).not.toMatch(/^error/m);
    expect(JSON.parse(stdout)).toMatchObject({
      endReason: "normal",
      count: 20,
      options: { call: "unblock.v1.ExercisesService/GetUser", concurrency: 10, total: 20 },
      statusCodeDistribution: { OK: 20 },
      errorDistribution: {},
      unblock: { ran_on: { "blocking-pool": 20 }, unfinished: 0 },
    });
  });

  test.each([
    ["grpc"],
    ["grpc-web"],
    ["grpc-web", "--http", "1.1"],
    ["connect"],
    ["connect", "--codec", "json"],
    ["connect", "--codec", "json", "--http", "1.1", "--connections", "2"],
  ])("reaches a server by %s %s %s", async (...flags) => {
    await server.restartWindow();
    const { statusCodeDistribution, unblock } = await report(
      ...["GetUser", "--strategy", "event-loop", "--concurrency", "3", "--requests", "6"],
      ...["--protocol", ...flags],
    );
    expect(statusCodeDistribution).toEqual({ OK: 6 });
    expect(unblock.ran_on).toEqual({ "event-loop": 6 });
    expect((await server.backend("database")).calls).toBe(6);
  });

  test("calls RPCs without side effects by Connect's GET", async () => {
    const flags = ["--protocol", "connect", "--get", "--requests", "5"];
    expect((await report("Ping", ...flags)).statusCodeDistribution).toEqual({ OK: 5 });
    const { code, stderr } = await loadtest("TrackEvent", ...flags, "--url", server.url);
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringMatching(/^error: /) });
  });

  test("completes calls in progress at the end of the duration", async () => {
    await server.restartWindow();
    const { count, endReason, statusCodeDistribution, unblock } = await report(
      ...["GetUser", "--concurrency", "4", "--duration", "300ms"],
    );
    expect(endReason).toBe("timeout");
    expect(statusCodeDistribution).toEqual({ OK: count });
    expect(unblock.unfinished).toBe(0);
    expect((await server.backend("database")).calls).toBe(count);
  });

  test("shares calls and connections among threads", async () => {
    await server.restartWindow();
    const { count, unblock } = await report(
      ...["GetUser", "--requests", "31", "--concurrency", "7", "--threads", "3"],
      ...["--connections", "5"],
    );
    expect(count).toBe(31);
    expect(unblock.load).toMatchObject({ threads: 3, connections: 5 });
    expect((await server.backend("database")).calls).toBe(31);
    expect((await server.backend("database")).maxInProgress).toBeLessThanOrEqual(7);
    const numbers = unblock.slowest.map((call: { n: number }) => call.n);
    expect(new Set(numbers).size).toBe(20);
  });

  test("does not count its warm-up", async () => {
    await server.restartWindow();
    const { count } = await report("GetUser", "--requests", "10", "--warmup", "200ms");
    expect(count).toBe(10);
    expect((await server.backend("database")).calls).toBeGreaterThan(10);
  });
});

describe("an open loop", () => {
  test("sends each due call once", async () => {
    await server.restartWindow();
    const { count, details, unblock } = await report(
      ...["GetUser", "--rate", "50", "--duration", "2s"],
    );
    expect(count).toBe(100);
    expect(details).toHaveLength(100);
    expect((await server.backend("database")).calls).toBe(100);
    expect(unblock.load.loop).toEqual({
      kind: "open",
      arrivals: "constant",
      stages: [{ from_rate: 50, to_rate: 50, duration_ms: 2_000 }],
    });
    const histogram = (encoded: string) => LatencyHistogram.decode(encoded).count;
    const { latency, service, lateness } = unblock.histograms;
    expect([latency, service, lateness].map(histogram)).toEqual([100, 100, 100]);
    const sum = (name: string) =>
      unblock.intervals.reduce(
        (total: number, one: Record<string, number>) => total + (one[name] ?? 0),
        0,
      );
    expect([sum("sent"), sum("calls"), sum("errors")]).toEqual([100, 100, 0]);
  });

  test("shares one schedule among threads", async () => {
    const { count } = await report("Ping", "--rate", "101", "--duration", "1s", "--threads", "2");
    expect(count).toBe(101);
  });

  test("runs through stages, or sends a number of calls", async () => {
    expect((await report("Ping", "--stages", "20:500ms,20-60:1s")).count).toBe(50);
    expect((await report("Ping", "--rate", "100", "--requests", "42")).count).toBe(42);
    const poisson = await report(
      "Ping",
      "--rate",
      "300",
      "--duration",
      "1s",
      "--arrivals",
      "poisson",
    );
    // 300 are expected with a standard deviation of 17.
    expect(Math.abs(poisson.count - 300)).toBeLessThan(120);
  });

  test("counts latency from the intended moment", async () => {
    // The blocked event loop serves 20 calls per second at 50 ms each; 50 per second are due.
    const { unblock } = await report(
      ...["GetUser", "--strategy", "event-loop", "--rate", "50", "--duration", "1s"],
    );
    const p99 = (encoded: string) => LatencyHistogram.decode(encoded).percentile(99);
    const { latency } = unblock.histograms;
    // 50 calls take 2.5 s and are due within 1 s, so the last waits at least 1.5 s on any machine.
    expect(p99(latency)).toBeGreaterThan(1_000);
    expect(unblock.slowest[0].latency_ms).toBeGreaterThan(1_000);
  });
});

describe("what is called", () => {
  test("comes from a descriptor set, also server streams", async () => {
    const { stdout, code } = await loadtest(
      ...["Count", "--descriptor-set", echoSet, "--url", echoServer.url],
      ...["--data", '{"count":3}', "--requests", "5", "--json"],
    );
    expect(goodOrBusy).toContain(code);
    const { count, unblock } = JSON.parse(stdout);
    expect(count).toBe(5);
    expect(unblock.load.kind).toBe("server_streaming");
    const { first_message, message_gap } = unblock.histograms;
    expect(LatencyHistogram.decode(first_message).count).toBe(5);
    expect(LatencyHistogram.decode(message_gap).count).toBe(10);
  });

  test("is reached by mutual TLS", async () => {
    const certificates = await createCertificates();
    const secure = await serveConnect("2", certificates, true);
    const file = async (name: string, pem: string) => {
      await writeFile(join(folder, name), pem);
      return join(folder, name);
    };
    const call = [
      ...["Echo", "--descriptor-set", echoSet, "--url", secure.url, "--requests", "3", "--json"],
      ...["--ca", await file("ca.pem", certificates.ca.cert)],
    ];
    const client = [
      ...["--cert", await file("cert.pem", certificates.client.cert)],
      ...["--key", await file("key.pem", certificates.client.key)],
    ];
    try {
      const known = await loadtest(...call, ...client);
      expect(JSON.parse(known.stdout).statusCodeDistribution).toEqual({ OK: 3 });
      const stranger = await loadtest(...call);
      expect(stranger).toMatchObject({ code: 1, stdout: "" });
      expect(stranger.stderr).toMatch(/^error: /);
    } finally {
      await secure.close();
    }
  });

  test("gets requests from a file, with placeholders replaced", async () => {
    const rows = join(folder, "rows.csv");
    await writeFile(rows, "user_id\n5\n-{n}\n");
    const { statusCodeDistribution } = await report(
      ...["GetUser", "--data-file", rows, "--requests", "10"],
    );
    expect(statusCodeDistribution).toEqual({ OK: 5, InvalidArgument: 5 });
  });

  test("gets headers and a deadline", async () => {
    const header = ["--header", "unblock-strategy: {pick:blocking-pool}", "--requests", "4"];
    expect((await report("GetUser", ...header)).unblock.ran_on).toEqual({ "blocking-pool": 4 });
    const late = await report("GetWeather", "--timeout", "20ms", "--requests", "3");
    expect(late.statusCodeDistribution).toEqual({ DeadlineExceeded: 3 });
  });
});

describe("the slowest calls", () => {
  test("are listed with times, executor and steps", async () => {
    const { unblock } = await report("GetUser", "--requests", "40", "--concurrency", "40");
    expect(unblock.slowest).toHaveLength(20);
    for (const call of unblock.slowest) {
      expect(call).toMatchObject({ status: "OK", error: "", connection: 0, thread: 0 });
      expect(call.ran_on).toMatch(/^blocking-pool;pid=\d+;thread=\d+$/);
      expect(call.steps.map((step: { name: string }) => step.name)).toEqual(["queue", "work"]);
      expect(call.sent_ms).toBeLessThanOrEqual(call.written_ms);
      expect(call.written_ms).toBeLessThanOrEqual(call.began_ms);
      expect(call.began_ms).toBeLessThanOrEqual(call.ended_ms);
    }
    const latencies = unblock.slowest.map((call: { latency_ms: number }) => call.latency_ms);
    expect(latencies).toEqual(latencies.toSorted((a: number, b: number) => b - a));
  });
});

describe("thresholds", () => {
  test("that hold are shown", async () => {
    const { code, stdout } = await loadtest(
      ...["GetUser", "--url", server.url, "--requests", "5", "--slo", "errors<1%"],
    );
    expect(goodOrBusy).toContain(code);
    expect(stdout).toMatch(/threshold +✓ errors<1% {2}measured 0/);
  });

  test("that are missed are named, and the exit code is 2", async () => {
    const { code, stderr } = await loadtest(
      ...["GetUser", "--url", server.url, "--requests", "5", "--data", '{"user_id":0}'],
      ...["--slo", "errors<1%", "--slo", "p99<1000s", "--slo", "min>10s"],
    );
    // 3: on a busy machine the client may have been the limit.
    expect([2, 3]).toContain(code);
    expect(stderr).toContain("missed: errors<1%, measured 100\n");
    expect(stderr).toContain("missed: min>10s, measured ");
    expect(stderr).not.toContain("missed: p99");
  });
});

describe("when the client is the limit", () => {
  test("the verdict says so, and the exit code is 3", async () => {
    const run = startCommand(process.execPath, [
      ...["loadtest/main.ts", "Ping", "--url", server.url],
      ...["--rate", "200", "--duration", "3s", "--slo", "p99<100s", "--json"],
    ]);
    await until(() => run.stderr().includes("1 of 3 s"));
    // The client gets no CPU for one of its three seconds.
    run.child.kill("SIGSTOP");
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    run.child.kill("SIGCONT");
    expect(await run.exited).toBe(3);
    const { unblock, count } = JSON.parse(run.stdout());
    expect(count).toBe(600);
    expect(unblock.verdict.client_limited).toBe(true);
    const limited = unblock.intervals.filter(
      (one: { client_limited: string[] }) => one.client_limited.length > 0,
    );
    expect(limited.length).toBeGreaterThan(0);
  });
});

describe("Ctrl-C", () => {
  test("reports the results so far, and is no failure", async () => {
    const run = startCommand(process.execPath, [
      ...["loadtest/main.ts", "GetUser", "--url", server.url],
      ...["--concurrency", "2", "--duration", "60s", "--json"],
    ]);
    await until(() => run.stderr().includes("1 of 60 s"));
    // npm forwards a terminal's Ctrl-C, so it can arrive twice.
    run.child.kill("SIGINT");
    run.child.kill("SIGINT");
    expect(goodOrBusy).toContain(await run.exited);
    const { count, endReason, statusCodeDistribution } = JSON.parse(run.stdout());
    expect(endReason).toBe("cancel");
    expect(statusCodeDistribution).toEqual({ OK: count });
  });
});

describe("the summary", () => {
  test("fits 80 columns", async () => {
    const { stdout } = await loadtest("GetUser", "--url", server.url, "--requests", "10");
    expect(stdout).toMatch(
      /^unblock.v1.ExercisesService\/GetUser\n +load +gRPC HTTP\/2, 10 at a time, 1 connection\n/,
    );
    expect(stdout).toMatch(/status +10 OK\n/);
    expect(stdout).toMatch(/p50 +p75 +p90 +p95 +p99 +p99.9 +max\n/);
    expect(stdout).toMatch(/ran on +blocking-pool \(10\)\n/);
    expect(stdout).toMatch(/slowest +[\d.]+ ms: client [\d.]+, queue [\d.]+, work [\d.]+, rest/);
    for (const line of stdout.split("\n")) {
      expect(line.length).toBeLessThanOrEqual(80);
    }
  });

  test("is written to files in several formats, and read again", async () => {
    const file = join(folder, "run");
    const run = await loadtest(
      ...["GetUser", "--url", server.url, "--requests", "10", "--name", "a <b>run</b>"],
      ...["--output", "json,html", "--output-file", file],
    );
    expect(goodOrBusy).toContain(run.code);
    expect(run.stdout).toMatch(/^a <b>run<\/b>\nunblock.v1/);
    const written = await readFile(`${file}.json`, "utf8");
    expect(JSON.parse(written)).toMatchObject({ count: 10, name: "a <b>run</b>" });
    const page = await readFile(`${file}.html`, "utf8");
    expect(page).toContain("<h1>a &lt;b&gt;run&lt;/b&gt;</h1>");
    const again = await loadtest("report", `${file}.json`);
    expect(again.stdout).toBe(run.stdout);
    const html = await loadtest("report", `${file}.json`, "--output-file", `${file}2.html`);
    expect(html.code).toBe(0);
    expect(await readFile(`${file}2.html`, "utf8")).toBe(page);
    const compared = await loadtest("compare", `${file}.json`, `${file}.json`, "--json");
    expect(compared.code).toBe(0);
    expect(JSON.parse(compared.stdout).failed).toEqual([]);
  });
});

describe("capacity", () => {
  test("finds the highest rate that holds, unless the client is the limit", async () => {
    const { code, stdout, stderr } = await loadtest(
      ...["capacity", "GetUser", "--url", server.url, "--slo", "errors<1%"],
      ...["--start-rate", "20", "--max-rate", "40", "--duration", "500ms", "--json"],
    );
    expect(stderr).toMatch(/^ +20\/s {2}(held|client-limited)/);
    const { capacity_per_second, limited_by, steps } = JSON.parse(stdout);
    const held = steps.filter((step: { outcome: string }) => step.outcome === "held");
    expect(capacity_per_second).toBe(
      Math.max(0, ...held.map((step: { rate: number }) => step.rate)),
    );
    // Either is right: on a busy machine the client may be the limit.
    if (limited_by === "max-rate") {
      expect({ code, capacity_per_second }).toEqual({ code: 0, capacity_per_second: 40 });
    } else {
      expect({ code, limited_by }).toEqual({ code: 3, limited_by: "client" });
    }
  });

  test("exits with 2 when no rate holds", async () => {
    const { code, stdout } = await loadtest(
      ...["capacity", "GetUser", "--url", server.url, "--slo", "p50<1ms"],
      ...["--start-rate", "4", "--duration", "500ms"],
    );
    // GetUser waits 50 ms for its database. 3: on a busy machine the client may be the limit.
    expect([2, 3]).toContain(code);
    expect(stdout).toMatch(/No rate holds|^0 calls per second/);
  });
});

describe("wrong input", () => {
  test.each([
    [["GetUsers"], "GetUser?"],
    [["GetUser", "--requests", "0"], "--requests"],
    [["GetUser", "--requests", "1", "--duration", "1s"], "--requests or --duration"],
    [["GetUser", "--duration", "0s"], "--duration"],
    [["GetUser", "--rate", "5", "--concurrency", "5"], "--rate"],
    [["GetUser", "--rate", "5", "--stages", "5:1s"], "--rate or --stages"],
    [["GetUser", "--rate", "-5"], "--rate"],
    [["GetUser", "--stages", "5"], "--stages"],
    [["GetUser", "--stages", "5:1s", "--requests", "1"], "--stages"],
    [["GetUser", "--arrivals", "poisson"], "--arrivals"],
    [["GetUser", "--threads", "20"], "--threads (20)"],
    [["GetUser", "--threads", "2", "--connections", "1"], "--threads (2)"],
    [["GetUser", "--data", "{"], "--data"],
    [["GetUser", "--data", '{"id":1}'], "user_id"],
    [["GetUser", "--data", "{}", "--data-file", "x"], "--data or --data-file"],
    [["GetUser", "--data-file", "/none.csv"], "/none.csv (ENOENT)"],
    [["GetUser", "--descriptor-set", "/none.binpb"], "/none.binpb (ENOENT)"],
    [["GetUser", "--header", "oops"], "--header"],
    [["GetUser", "--http", "1.1"], "HTTP/1.1"],
    [["GetUser", "--cert", "x"], "--cert and --key"],
    [["GetUser", "--ca", "/none.pem"], "/none.pem (ENOENT)"],
    [["GetUser", "--slo", "p99=1"], "--slo"],
    [["GetUser", "--output", "pdf"], "--output"],
    [["GetUser", "--output", "html"], "--output-file"],
    [["GetUser", "--output-file", "/none/r.json"], "/none/r.json"],
    [["GetUser", "--project", "x"], "--publish"],
    [["GetUser", "--url", "nowhere"], "--url"],
    [["GetUser", "--loud"], "--loud"],
    [["capacity", "GetUser"], "--slo"],
    [["compare", "a.json"], "'b'"],
    [["report", "/none.json"], "/none.json (ENOENT)"],
    [["report", "package.json"], "package.json"],
    [["report", "README.md"], "README.md"],
  ])("%j exits with 1 and an error that names the problem", async (args, problem) => {
    const { code, stdout, stderr } = await loadtest(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^error: /);
    expect(stderr).toContain(problem);
    expect(stderr).not.toContain("    at ");
  });
});

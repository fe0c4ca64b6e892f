import { createServer as createHttp1Server } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { runCommand, startCommand } from "@unblock/test/cli";
import { serveConnect } from "@unblock/test/echo-connect-server";
import { count, echo } from "@unblock/test/echo-schema";
import { listen, type TestEndpoint } from "@unblock/test/listen";
import { afterEach, describe, expect, test, vi } from "vitest";
import type { Combination } from "./drivers/create-driver.ts";
import type { LoadMethod } from "./drivers/driver.ts";
import { LatencyHistogram } from "./histogram.ts";
import { checkSlo, figuresOf, parseSlo } from "./report/slo.ts";
import type { DrainLimits, LoadPlan, Loop } from "./run/plan.ts";
import { type LoadResult, runLoad } from "./run/run.ts";
import { toDescriptorSet } from "./target/descriptor-set.ts";

vi.setConfig({ testTimeout: 90_000 });

const until = (isTrue: () => boolean) => vi.waitUntil(isTrue, { timeout: 30_000, interval: 10 });

/** Shorter than the defaults, and long enough for a response that has been sent. */
const drainLimits: DrainLimits = { interruptedMs: 200, withoutDeadlineMs: 200 };

interface SilentServer extends TestEndpoint {
  calls(): number;
}

let server: { close(): Promise<void> | void } | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** A server that responds to the first calls with 503 and never to the others. */
async function serveSilently(httpVersion: "1.1" | "2", responses: number): Promise<SilentServer> {
  let calls = 0;
  const onRequest = (_: unknown, response: { writeHead(status: number): { end(): void } }) => {
    calls++;
    if (calls <= responses) {
      response.writeHead(503).end();
    }
  };
  const http =
    httpVersion === "2" ? createHttp2Server(onRequest) : createHttp1Server({}, onRequest);
  const endpoint = { ...(await listen(http)), calls: () => calls };
  server = endpoint;
  return endpoint;
}

const grpc: Combination = { protocol: "grpc", codec: "proto", httpVersion: "2", httpGet: false };

function planOf(baseUrl: string, loop: Loop, more: Partial<LoadPlan> = {}): LoadPlan {
  return planTo(echo, baseUrl, grpc, loop, more);
}

function planTo(
  { parent, name, methodKind }: LoadMethod,
  baseUrl: string,
  combination: Combination,
  loop: Loop,
  more: Partial<LoadPlan> = {},
): LoadPlan {
  return {
    target: {
      descriptorSet: toDescriptorSet(parent.file),
      service: parent.typeName,
      method: name,
    },
    kind: methodKind,
    ownServer: false,
    driver: { ...combination, baseUrl, connections: 10, tls: { insecure: false } },
    rows: undefined,
    header: {},
    seed: "7",
    timeoutMs: 0,
    warmupMs: 0,
    threads: 2,
    loop,
    ...more,
  };
}

const forAMinute: Loop = {
  kind: "closed",
  concurrency: 8,
  until: { durationMs: 60_000 },
};

/** Runs a load and interrupts it, as Ctrl-C does, once a condition holds. */
async function runUntil(plan: LoadPlan, isEnough: () => boolean): Promise<LoadResult> {
  const controller = new AbortController();
  const result = runLoad(plan, { signal: controller.signal, drainLimits });
  await until(isEnough);
  controller.abort();
  return result;
}

const held = (text: string, result: LoadResult) => checkSlo(parseSlo(text), figuresOf(result)).held;

/** Checks that all counts of a result agree. */
function expectWhole(result: LoadResult, calls: number): void {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  expect(result.latency.count).toBe(calls);
  expect(sum(Object.values(result.codes))).toBe(calls);
  expect(sum(result.intervals.map((interval) => interval.calls))).toBe(calls);
  expect(
    sum(result.intervals.map(({ histogram }) => LatencyHistogram.decode(histogram).count)),
  ).toBe(calls);
  expect(sum(result.intervals.map(({ errors }) => errors))).toBe(calls - (result.codes.ok ?? 0));
  expect(result.sample.length).toBe(Math.min(calls, 10_000));
}

/** Checks that the latency of canceled calls is their age, and that they end after all others. */
function expectAges({ slowest, wallMs }: LoadResult, unfinished: number): void {
  const canceled = slowest.filter(({ status }) => status === "Canceled");
  expect(canceled.length).toBe(Math.min(unfinished, slowest.length));
  for (const call of canceled) {
    expect(call.latency_ms).toBe(call.ended_ms - call.intended_ms);
    expect(call.ended_ms).toBeLessThanOrEqual(wallMs);
  }
  const completed = slowest.filter(({ status }) => status !== "Canceled");
  const latest = Math.max(0, ...completed.map(({ ended_ms }) => ended_ms));
  expect(Math.min(...canceled.map(({ ended_ms }) => ended_ms))).toBeGreaterThan(latest);
}

describe("calls without a response at an interruption count as failed, with their age as latency", () => {
  test.each([
    ["grpc", "2", false],
    ["grpc-web", "2", false],
    ["grpc-web", "1.1", false],
    ["connect", "2", false],
    ["connect", "1.1", false],
    ["connect", "1.1", true],
  ] as const)("in a closed loop by %s over HTTP/%s, by GET: %s", async (...combination) => {
    const [protocol, httpVersion, httpGet] = combination;
    const { url, calls } = await serveSilently(httpVersion, 2);
    const driver: Combination = { protocol, codec: "proto", httpVersion, httpGet };
    const result = await runUntil(planTo(echo, url, driver, forAMinute), () => calls() === 10);
    expectWhole(result, 10);
    expect(result.codes).toEqual({ unavailable: 2, canceled: 8 });
    expect(Object.values(result.errors).sort()).toEqual([2, 8]);
    expect(result.unfinished).toBe(8);
    expectAges(result, 8);
    expect(result.service.encode()).toBe(result.latency.encode());
    expect(
      ["p50<200ms", "errors<=2", "errors<90%", "rate>1000"].map((slo) => held(slo, result)),
    ).toEqual([false, false, false, false]);
    // Each has the connection it waited on, and the time of its write.
    for (const call of result.slowest.filter(({ status }) => status === "Canceled")) {
      expect(call.connection).toBeGreaterThanOrEqual(0);
      expect(call.written_ms).toBeLessThan(call.ended_ms);
    }
  });

  test("in an open loop", async () => {
    const { url, calls } = await serveSilently("2", 5);
    const stage = { fromRate: 200, toRate: 200, durationMs: 100 };
    const loop: Loop = { kind: "open", stages: [stage], arrivals: "constant" };
    const result = await runUntil(planOf(url, loop), () => calls() === 20);
    expectWhole(result, 20);
    expect(result.codes).toEqual({ unavailable: 5, canceled: 15 });
    expect(result.service.count).toBe(20);
    expect(result.lateness?.count).toBe(20);
    expectAges(result, 15);
  });

  test("in an open loop, also calls that were held back and not sent", async () => {
    const { url, calls } = await serveSilently("2", 0);
    const stage = { fromRate: 30_000, toRate: 30_000, durationMs: 500 };
    const loop: Loop = { kind: "open", stages: [stage], arrivals: "constant" };
    let seconds = 0;
    const controller = new AbortController();
    const running = runLoad(planOf(url, loop, { threads: 1 }), {
      signal: controller.signal,
      drainLimits,
      onInterval: () => seconds++,
    });
    await until(() => calls() === 10_000 && seconds > 0);
    controller.abort();
    const result = await running;
    expectWhole(result, 15_000);
    expect(result.codes).toEqual({ canceled: 15_000 });
    expect(new Set(Object.values(result.errors))).toEqual(new Set([10_000, 5_000]));
    expect(result.service.count).toBe(10_000);
  });

  test.each(["grpc", "grpc-web", "connect"] as const)("in streams of %s", async (protocol) => {
    const stuck = await serveConnect("2");
    server = stuck;
    const driver: Combination = { ...grpc, protocol };
    const rows = ['{"count":3,"act":"hang"}'];
    let seconds = 0;
    const controller = new AbortController();
    const running = runLoad(planTo(count, stuck.url, driver, forAMinute, { rows }), {
      signal: controller.signal,
      drainLimits,
      onInterval: () => seconds++,
    });
    await until(() => seconds > 0);
    controller.abort();
    const result = await running;
    expectWhole(result, 8);
    expect(result.codes).toEqual({ canceled: 8 });
    expect(result.firstMessage?.count).toBe(8);
    // The wait for a fourth message counts as a gap, the longest.
    expect(result.messageGap?.count).toBe(24);
    const percentile = (p: number) => result.messageGap?.percentile(p) ?? 0;
    expect(percentile(90)).toBeGreaterThan(percentile(50));
  });

  test("in a stream without messages, as a wait for the first one", async () => {
    const { url, calls } = await serveSilently("2", 0);
    const plan = planTo(count, url, grpc, forAMinute);
    const result = await runUntil(plan, () => calls() === 8);
    expect(result.firstMessage?.count).toBe(8);
    expect(result.firstMessage?.count).toBe(result.latency.count);
    expect(result.messageGap?.count).toBe(0);
  });
});

test("an interruption of the warm-up ends the load", async () => {
  const { url, calls } = await serveSilently("2", Number.POSITIVE_INFINITY);
  const plan = planOf(url, forAMinute, { warmupMs: 60_000 });
  const result = await runUntil(plan, () => calls() > 0);
  expectWhole(result, 0);
  expect(result.endReason).toBe("interrupted");
});

test.each([
  ["a closed loop", { kind: "closed", concurrency: 4, until: { durationMs: 300 } }, 4],
  [
    "an open loop",
    {
      kind: "open",
      stages: [{ fromRate: 40_000, toRate: 40_000, durationMs: 500 }],
      arrivals: "poisson",
    },
    undefined,
  ],
] satisfies [string, Loop, number | undefined][])(
  "without a deadline and responses, %s ends after the drain limit",
  async (_, loop, calls) => {
    const silent = await serveSilently("2", 0);
    const result = await runLoad(planOf(silent.url, loop, { threads: 1 }), { drainLimits });
    expectWhole(result, calls ?? result.latency.count);
    expect(result.endReason).toBe("duration");
    expect(result.unfinished).toBe(result.latency.count);
    // A lower bound, which no machine is too slow for.
    expect(result.latency.min).toBeGreaterThan(drainLimits.withoutDeadlineMs);
  },
);

describe("Ctrl-C", () => {
  const args = (url: string, ...more: string[]) => [
    ...["loadtest/main.ts", "Ping", "--url", url, "--timeout", "0s", "--concurrency", "3"],
    ...["--duration", "60s", ...more],
  ];

  test("counts calls without a response for thresholds", async () => {
    const { url, calls } = await serveSilently("2", 1);
    const run = startCommand(process.execPath, args(url, "--json", "--slo", "errors<=1"));
    await until(() => calls() === 4);
    run.child.kill("SIGINT");
    // 3: on a busy machine the client may have been the limit.
    expect([2, 3]).toContain(await run.exited);
    const { count, statusCodeDistribution, details, histogram, unblock, ...report } = JSON.parse(
      run.stdout(),
    );
    expect({ count, endReason: report.endReason }).toEqual({ count: 4, endReason: "cancel" });
    expect(statusCodeDistribution).toEqual({ Unavailable: 1, Canceled: 3 });
    expect(Object.values(report.errorDistribution).sort()).toEqual([1, 3]);
    expect(details.filter((one: { status: string }) => one.status === "Canceled")).toHaveLength(3);
    const inBuckets = histogram.map((one: { count: number }) => one.count);
    expect(inBuckets.reduce((sum: number, calls: number) => sum + calls, 0)).toBe(4);
    expect(unblock.unfinished).toBe(3);
    expect(unblock.slo).toEqual([{ slo: "errors<=1", measured: 4, held: false }]);
  });

  test("shows them in the table and exits with 1 when no call succeeded", async () => {
    const { url, calls } = await serveSilently("2", 0);
    const run = startCommand(process.execPath, args(url));
    await until(() => calls() === 3);
    run.child.kill("SIGINT");
    // 3: on a busy machine the client may have been the limit.
    expect([1, 3]).toContain(await run.exited);
    expect(run.stdout()).toMatch(/status +3 Canceled\n/);
    expect(run.stdout()).toMatch(/unfinished +3 /);
  });
});

test("requests and headers depend only on the seed, not on threads", async () => {
  const requestsOf = async (...more: string[]) => {
    const requests: string[] = [];
    const http = createHttp2Server(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) {
        chunks.push(chunk);
      }
      const body = Buffer.concat(chunks).toString("latin1");
      requests.push(`${request.headers["x-id"]} ${request.headers.constructor} ${body}`);
      response.writeHead(503).end();
    });
    const { url, close } = await listen(http);
    const flags = ["--requests", "40", "--header", "x-id: {uuid}", "--header", "constructor: {n}"];
    const data = ["--data", '{"event":"{uuid}","user_id":{random:1..1000000}}'];
    await runCommand(process.execPath, [
      ...["loadtest/main.ts", "TrackEvent", "--url", url, ...flags, ...data, ...more],
    ]);
    await close();
    return requests.sort();
  };
  const first = await requestsOf("--seed", "7");
  expect(new Set(first).size).toBe(40);
  expect(await requestsOf("--seed", "7", "--threads", "3")).toEqual(first);
  expect(await requestsOf("--seed", "8")).not.toEqual(first);
  expect(await requestsOf()).not.toEqual(await requestsOf());
  // The run does not repeat requests of the warm-up.
  const warm = await requestsOf("--seed", "7", "--warmup", "100ms");
  expect(warm.length).toBeGreaterThan(40);
  expect(new Set(warm).size).toBe(warm.length);
});

test.each([
  ["grpc", "2"],
  ["connect", "2"],
  ["connect", "1.1"],
  ["grpc-web", "1.1"],
] as const)(
  "sends headers named like properties of every object by %s over HTTP/%s",
  async (protocol, httpVersion) => {
    const names = ["constructor", "__proto__", "tostring", "hasownproperty", "valueof"];
    const { promise, resolve } = Promise.withResolvers<string[]>();
    const onRequest = (
      { rawHeaders }: { rawHeaders: string[] },
      response: { writeHead(status: number, headers: string[][]): { end(): void } },
    ) => {
      resolve(rawHeaders);
      response
        .writeHead(
          503,
          names.map((name) => [name, "from the server"]),
        )
        .end();
    };
    const http = httpVersion === "2" ? createHttp2Server() : createHttp1Server();
    http.on("request", onRequest);
    const endpoint = await listen(http);
    server = endpoint;
    await runCommand(process.execPath, [
      ...[
        "loadtest/main.ts",
        "Ping",
        "--url",
        endpoint.url,
        "--requests",
        "1",
        "--concurrency",
        "1",
      ],
      ...["--protocol", protocol, "--http", httpVersion],
      ...names.flatMap((name) => ["--header", `${name}: {n} of it`]),
    ]);
    const raw = await promise;
    const sentOf = (name: string) => raw[raw.indexOf(name) + 1];
    expect(names.map(sentOf)).toEqual(names.map(() => "1 of it"));
  },
);

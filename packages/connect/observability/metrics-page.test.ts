import { execFileSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { createClient } from "@connectrpc/connect";
import { createVitalsClient, openConnection } from "@unblock/client/client";
import { VitalsService } from "@unblock/proto/gen/vitals";
import { failureOf } from "@unblock/test/failures";
import { type MetricFamily, readMetrics, sampleValue } from "@unblock/test/metrics-page";
import { hasProgram } from "@unblock/test/programs";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

const waitOptions = { timeout: 20_000, interval: 20 };
/** Time that a test blocks the event loop, which it shares with the server, in milliseconds. */
const blockMs = 500;

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

/** Makes calls that change every counter. */
async function work(): Promise<void> {
  await server.call("GetUser", { user_id: 1 });
  await server.call("GetUser", { user_id: 0 });
  await server.call("ComputeHash", { data: "x", rounds: 100_000 });
  await server.call("TrackEvent", { event: "page_view", user_id: 1 });
}

function block(): void {
  const untilMs = performance.now() + blockMs;
  while (performance.now() < untilMs) {
    // Blocks the event loop.
  }
}

/** Whether a sample is a counter, by its name. */
function isCount(name: string): boolean {
  return /_(?:total|count|sum|bucket)$/.test(name);
}

/** Returns violations of `promtool check metrics` and of Prometheus' naming rules. */
function problemsOf({ name, type, help, samples }: MetricFamily): string[] {
  const allowed = type === "histogram" ? ["_bucket", "_count", "_sum"] : [""];
  const labels = samples.flatMap((sample) => Object.keys(sample.labels));
  const rules: [boolean, string][] = [
    [help !== "", "has a help text"],
    [["counter", "gauge", "histogram"].includes(type), "has a type"],
    [/^[a-z][a-z0-9_]*$/.test(name), "has a name in snake_case"],
    [
      (type === "counter") === name.endsWith("_total"),
      "ends with _total when it is a counter only",
    ],
    [!/_(?:count|sum|bucket|info)$/.test(name), "has no suffix of another type"],
    [!/(?:counter|gauge|histogram|summary)/.test(name), "does not say its type"],
    [
      !/(?:milli|micro|nano|_ms|_us|_ns|minute|hour|_mb|_kb|percent|ratio_)/.test(name),
      "is in base units, such as seconds",
    ],
    [labels.every((label) => /^[a-z][a-z0-9_]*$/.test(label)), "has labels in snake_case"],
    [type === "histogram" || !labels.includes("le"), "has no label of another type"],
    [
      samples.every((sample) => allowed.some((suffix) => sample.name === `${name}${suffix}`)),
      "has only samples of its own name",
    ],
    [samples.every(({ value }) => Number.isFinite(value)), "has only numbers"],
  ];
  return rules.filter(([isMet]) => !isMet).map(([, rule]) => `Expected that ${name} ${rule}`);
}

/** By name and labels. */
function valuesOf(families: readonly MetricFamily[]): ReadonlyMap<string, number> {
  return new Map(
    families.flatMap(({ samples }) =>
      samples.map(({ name, labels, value }) => [`${name}${JSON.stringify(labels)}`, value]),
    ),
  );
}

describe("/metrics", () => {
  test("follows Prometheus' format and naming", async () => {
    await work();
    const families = await readMetrics(server.url);
    expect(families.length).toBeGreaterThan(10);
    expect(families.flatMap(problemsOf)).toEqual([]);
  });

  test.skipIf(!hasProgram("promtool"))("passes promtool check metrics", async () => {
    const page = await (await fetch(`${server.url}/metrics`)).text();
    expect(execFileSync("promtool", ["check", "metrics"], { input: page }).toString()).toBe("");
  });

  test("has counters for what only grows", async () => {
    await work();
    const first = await readMetrics(server.url);
    const gauges = first.filter(({ type }) => type === "gauge").map(({ name }) => name);
    await work();
    await server.restartWindow();
    const second = await readMetrics(server.url);
    const before = valuesOf(first);
    const grown = new Set<string>();
    for (const { name, type, samples } of second) {
      for (const sample of samples) {
        const earlier = before.get(`${sample.name}${JSON.stringify(sample.labels)}`) ?? 0;
        if (type !== "gauge") {
          expect(isCount(sample.name)).toBe(true);
          expect(sample.value).toBeGreaterThanOrEqual(earlier);
          if (sample.value > earlier) {
            grown.add(name);
          }
        }
      }
    }
    expect([...grown].sort()).toEqual([
      "rpc_server_duration_seconds",
      "rpc_server_handled_total",
      "unblock_event_loop_active_seconds_total",
      "unblock_event_loop_cpu_seconds_total",
      "unblock_event_loop_delay_seconds",
      "unblock_executor_completed_total",
      "unblock_executor_cpu_seconds_total",
      "unblock_executor_step_seconds",
    ]);
    expect(gauges.sort()).toEqual([
      "rpc_server_in_progress",
      "unblock_calls_in_progress",
      "unblock_event_loop_delay_max_seconds",
      "unblock_executor_queued",
      "unblock_executor_running",
      "unblock_executor_size",
      "unblock_executor_stuck",
      "unblock_libuv_probe_seconds",
      "unblock_libuv_probe_up",
      "unblock_libuv_probe_waiting_seconds",
    ]);
  });

  test("shows the same block of the event loop to two scrapers, whoever restarts a window", async () => {
    const vitals = createVitalsClient({ baseUrl: server.url });
    const caller = new AbortController();
    const watching = (async () => {
      for await (const _ of vitals.watchVitals({ intervalMs: 100 }, { signal: caller.signal })) {
        // Each response restarts the watcher's own window.
      }
    })();
    const slow = (families: readonly MetricFamily[]) => {
      const name = "unblock_event_loop_delay_seconds";
      const all = sampleValue(families, `${name}_count`) ?? 0;
      return all - (sampleValue(families, `${name}_bucket`, { le: "0.25" }) ?? 0);
    };
    const before = slow(await readMetrics(server.url));
    block();
    await server.restartWindow();
    const first = await readMetrics(server.url);
    await vitals.getVitals({ restartWindow: true });
    const second = await readMetrics(server.url);
    for (const families of [first, second]) {
      expect(slow(families)).toBeGreaterThan(before);
      const max = sampleValue(families, "unblock_event_loop_delay_max_seconds");
      expect(max).toBeGreaterThanOrEqual((blockMs - 10) / 1_000);
    }
    caller.abort();
    await expect(watching).rejects.toThrow("[canceled]");
  });
});

describe("GetVitals", () => {
  /** Opens a window as a caller of its own. */
  async function openWindow() {
    const vitals = createVitalsClient({ baseUrl: server.url });
    const { window } = await vitals.getVitals({ restartWindow: true });
    return {
      window,
      read: () => vitals.getVitals({ window }),
      restart: () => vitals.getVitals({ window, restartWindow: true }),
    };
  }

  const callsOf = (
    vitals: Awaited<ReturnType<Awaited<ReturnType<typeof openWindow>>["read"]>>,
  ) => ({
    weather: vitals.backends.find(({ name }) => name === "weather")?.calls,
    database: vitals.backends.find(({ name }) => name === "database")?.calls,
    maxInWeather: vitals.backends.find(({ name }) => name === "weather")?.maxInProgress,
    maxRunning: vitals.executors.find(({ name }) => name === "blocking-pool")?.maxRunning,
  });
  const once = { weather: 1, database: 1, maxInWeather: 1, maxRunning: 1 };
  const nothing = { weather: 0, database: 0, maxInWeather: 0, maxRunning: 0 };

  test("has a window per caller, which nobody else restarts", async () => {
    const [first, second] = [await openWindow(), await openWindow()];
    expect(first.window).not.toBe(second.window);
    await server.call("GetUser", { user_id: 1 });
    await server.call("GetWeather", { city: "london" });
    block();
    await first.restart();
    await server.restartWindow();
    const [restarted, other] = [await first.read(), await second.read()];
    expect(callsOf(restarted)).toEqual(nothing);
    expect(callsOf(other)).toEqual(once);
    expect(other.eventLoop?.delayMaxMs).toBeGreaterThanOrEqual(blockMs - 10);
    expect(restarted.eventLoop?.delayMaxMs).toBeLessThan(blockMs - 10);
    expect(other).toMatchObject({ window: second.window, unknown: [] });
  });

  test("covers the time since the start without a window, whoever restarts another", async () => {
    const vitals = createVitalsClient({ baseUrl: server.url });
    await server.call("GetWeather", { city: "london" });
    const before = callsOf(await vitals.getVitals({}));
    await vitals.getVitals({ restartWindow: true });
    await server.call("GetWeather", { city: "london" });
    const after = callsOf(await vitals.getVitals({}));
    expect(after).toEqual({ ...before, weather: (before.weather ?? 0) + 1 });
  });

  test("rejects an unknown window", async () => {
    const vitals = createVitalsClient({ baseUrl: server.url });
    expect(await failureOf(vitals.getVitals({ window: "mine" }))).toEqual({
      code: "not_found",
      error: "UNBLOCK_WINDOW_NOT_FOUND",
      data: { window: '"mine"' },
    });
  });

  test("has a limit of windows, and keeps the open ones", async () => {
    const limited = await startTestServer();
    const vitals = createVitalsClient({ baseUrl: limited.url });
    const opened: string[] = [];
    for (let number = 0; number < 15; number++) {
      opened.push((await vitals.getVitals({ restartWindow: true })).window);
    }
    expect(await failureOf(vitals.getVitals({ restartWindow: true }))).toMatchObject({
      code: "resource_exhausted",
      error: "UNBLOCK_WINDOWS_FULL",
      data: { max: "15" },
    });
    for (const window of opened) {
      expect(await vitals.getVitals({ window })).toMatchObject({ window });
    }
    // Watchers have a limit of their own.
    const caller = new AbortController();
    // Four per connection, on four connections.
    const watchers = Array.from({ length: 4 }, () =>
      openConnection({ baseUrl: limited.url }),
    ).flatMap(({ transport }) =>
      Array.from({ length: 4 }, () =>
        createClient(VitalsService, transport)
          .watchVitals({ intervalMs: 100 }, { signal: caller.signal })
          [Symbol.asyncIterator](),
      ),
    );
    await Promise.all(watchers.map((watcher) => watcher.next()));
    caller.abort();
    await limited.close();
  });
});

test("a watcher sees a block that begins right after the poll before it", async () => {
  const caller = new AbortController();
  const vitals = createVitalsClient({ baseUrl: server.url });
  const looks = vitals
    .watchVitals({ intervalMs: 100 }, { signal: caller.signal })
    [Symbol.asyncIterator]();
  await looks.next();
  block();
  const seen: number[] = [];
  await vi.waitUntil(async () => {
    const { value } = await looks.next();
    seen.push(value?.eventLoop?.delayMaxMs ?? 0);
    return seen.some((delayMs) => delayMs >= blockMs - 10);
  }, waitOptions);
  // The next response covers the next window, without the block.
  await sleep(0);
  const { value } = await looks.next();
  expect(value?.eventLoop?.delayMaxMs).toBeLessThan(blockMs - 10);
  caller.abort();
});

import type { LoadResponse } from "@unblock/proto/gen/lab";
import { startTestLab, type TestLab } from "@unblock/test/lab";
import { afterAll, beforeAll, expect, test } from "vitest";

let server: TestLab;
beforeAll(async () => {
  server = await startTestLab();
});
afterAll(() => server.close());

type Request = Parameters<TestLab["lab"]["load"]>[0];

async function runLoad({ lab }: TestLab, request: Request) {
  const events: LoadResponse["event"][] = [];
  for await (const { event } of lab.load(request)) {
    events.push(event);
  }
  return {
    order: events.map((event) => event.case),
    intervals: events.flatMap((event) => (event.case === "interval" ? event.value : [])),
    figures: events.flatMap((event) => (event.case === "ended" ? event.value : []))[0],
    kept: events.flatMap((event) => (event.case === "saved" ? event.value : []))[0],
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

test("reports a load per second and in total, and saves it as reported", async () => {
  const request = { exercise: "E", strategy: "async", ratePerSecond: 50, durationS: 2 };
  const { order, intervals, figures, kept } = await runLoad(server, request);
  expect(order.slice(-2)).toEqual(["ended", "saved"]);
  expect(order.slice(0, -2)).toEqual(intervals.map(() => "interval"));
  expect(intervals.length).toBeGreaterThanOrEqual(2);
  expect(intervals.map(({ startMs }) => startMs)).toEqual(
    intervals.map((_, index) => index * 1_000),
  );
  expect(sum(intervals.map(({ calls }) => calls))).toBe(100);
  expect(figures).toMatchObject({ calls: 100, errors: 0, statuses: [{ code: "ok", calls: 100 }] });

  const percentiles = figures?.percentiles ?? [];
  const ascending = (numbers: number[]) => numbers.toSorted((a, b) => a - b);
  expect(percentiles.at(0)?.percentile).toBe(0);
  expect(percentiles.at(-1)?.percentile).toBe(100);
  for (const key of ["percentile", "latencyMs"] as const) {
    const values = percentiles.map((one) => one[key]);
    expect(values).toEqual(ascending(values));
  }

  expect(kept?.summary).toMatch(
    /^With async, 50 calls per second for 2 s: p50 [\d.]+ ms, p99 [\d.]+ ms; none failed\.$/,
  );
  const { run } = await server.lab.getRun({ id: kept?.id ?? "" });
  expect(run?.summary).toMatchObject({ exercise: "E", strategies: ["async"], isLoad: true });
  expect(run?.kind).toMatchObject({ case: "load", value: { request, intervals, figures } });
});

test("counts failed calls by code, with a message in the summary", async () => {
  const full = await startTestLab({ cpuWorkers: 1, maxQueue: 1 });
  const failing = { exercise: "C", strategy: "cpu-pool", ratePerSecond: 100, durationS: 1 };
  const { figures, kept } = await runLoad(full, failing);
  await full.close();
  const calls = new Map(figures?.statuses.map((status) => [status.code, status.calls]));
  expect([...calls.keys()].sort()).toEqual(["ok", "resource_exhausted"]);
  expect(sum([...calls.values()])).toBe(100);
  expect(figures).toMatchObject({ calls: 100, errors: calls.get("resource_exhausted") });
  expect(kept?.summary).toMatch(/; \d+ of 100 failed, most with: .*queue/);
});

test("uses the recommended strategy by default", async () => {
  const { kept } = await runLoad(server, { exercise: "H", ratePerSecond: 5, durationS: 1 });
  expect(kept?.summary).toMatch(/^With parallel, 5 calls per second for 1 s: /);
  expect((await server.lab.listRuns({})).runs[0]?.strategies).toEqual(["parallel"]);
});

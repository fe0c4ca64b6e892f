import { readCores } from "@unblock/measure/cores";
import { type RaceEvent, runRace, startTestLab, type TestLab } from "@unblock/test/lab";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

let server: TestLab;
beforeAll(async () => {
  server = await startTestLab();
});
afterAll(() => server.close());

/** Events between the start and the end of each burst, by strategy. */
function burstsOf(events: readonly RaceEvent[]) {
  const starts = events.flatMap((event, index) => (event.case === "burstBegan" ? [index] : []));
  return starts.map((start, nth) => {
    const part = events.slice(start, starts[nth + 1]);
    const began = part.flatMap((event) => (event.case === "burstBegan" ? event.value : []));
    const progress = part.flatMap((event) => (event.case === "burstProgress" ? event.value : []));
    const ended = part.flatMap((event) => (event.case === "burstEnded" ? event.value : []));
    return {
      strategy: began[0]?.strategy,
      calls: progress.flatMap(({ calls }) => calls),
      loop: progress.flatMap(({ loop }) => loop),
      probe: progress.flatMap(({ probe }) => probe),
      figures: ended[0]?.figures,
    };
  });
}

describe("a race of a blocking driver on threads and on the event loop", () => {
  let events: RaceEvent[];
  beforeAll(async () => {
    events = await runRace(server, {
      exercise: "A",
      strategies: ["blocking-pool", "event-loop"],
      calls: 4,
    });
  });

  test("reports one burst after another, then the summary", () => {
    const message = events.map((event) => event.case).filter((name) => name !== "burstProgress");
    const burst = ["burstBegan", "burstEnded"];
    expect(message).toEqual([...burst, ...burst, "saved"]);
    expect(burstsOf(events).map(({ strategy }) => strategy)).toEqual([
      "blocking-pool",
      "event-loop",
    ]);
  });

  test("reports every call once, with where and how long it ran", () => {
    const [threads, eventLoop] = burstsOf(events);
    for (const burst of [threads, eventLoop]) {
      expect(burst?.calls.map(({ index }) => index).sort()).toEqual([0, 1, 2, 3]);
      expect(burst?.calls.map(({ code, pid }) => [code, pid])).toEqual(
        burst?.calls.map(() => ["ok", String(process.pid)]),
      );
      for (const { sentMs, beganMs = Number.NaN, endedMs, steps } of burst?.calls ?? []) {
        expect(steps.map(({ name }) => name)).toEqual(["queue", "work"]);
        const server = steps.reduce((sum, { ms }) => sum + ms, 0);
        expect(beganMs).toBeGreaterThanOrEqual(sentMs);
        expect(beganMs + server).toBeLessThanOrEqual(endedMs + 0.01);
      }
    }
    expect(
      new Set(threads?.calls.map(({ executor, thread }) => `${executor}/${thread}`)).size,
    ).toBe(4);
    expect(
      new Set(eventLoop?.calls.map(({ executor, thread }) => `${executor}/${thread}`)),
    ).toEqual(new Set(["event-loop/0"]));
  });

  test("shows the freeze as missing samples", () => {
    const [threads, eventLoop] = burstsOf(events);
    const looksDuring = ({ calls, loop }: NonNullable<typeof threads>) =>
      calls.map(({ beganMs = 0, steps }) => {
        const workMs = steps.find(({ name }) => name === "work")?.ms ?? 0;
        const queueMs = steps.find(({ name }) => name === "queue")?.ms ?? 0;
        const from = beganMs + queueMs;
        return loop.filter(({ atMs }) => atMs > from && atMs < from + workMs).length;
      });
    expect(eventLoop && looksDuring(eventLoop)).toEqual([0, 0, 0, 0]);
    expect(threads?.loop.length).toBeGreaterThan(0);
    const [worst] = eventLoop?.loop.toSorted((a, b) => b.delayMs - a.delayMs) ?? [];
    // Calls that came together are one delay, and each blocks for 50 ms.
    expect(worst?.delayMs).toBeGreaterThan(40);
    expect(eventLoop?.figures?.loopDelayMaxMs).toBe(worst?.delayMs);
  });

  test("has the probe's calls with their scheduled times", () => {
    for (const { probe } of burstsOf(events)) {
      const moments = probe.map(({ intendedMs }) => intendedMs).sort((a, b) => a - b);
      expect(moments.length).toBeGreaterThan(5);
      moments.slice(1).forEach((moment, index) => {
        expect(moment - (moments[index] ?? 0)).toBeCloseTo(5, 1);
      });
    }
    const [, eventLoop] = burstsOf(events);
    const latest = Math.max(...(eventLoop?.probe.map(({ latencyMs }) => latencyMs) ?? []));
    expect(latest).toBeGreaterThan(40);
  });

  test("has figures and a summary", () => {
    const [threads, eventLoop] = burstsOf(events);
    expect(threads?.figures).toMatchObject({
      idealMs: 50,
      expectedFromMs: 50,
      expectedToMs: 150,
      errors: 0,
    });
    expect(eventLoop?.figures?.ratio).toBeGreaterThan(3.5);
    const [kept] = events.flatMap((event) => (event.case === "saved" ? event.value : []));
    expect(kept?.id).toMatch(/^[a-z0-9]{12}$/);
    // For a disturbed burst, as on a busy machine, the summary only says why it is inconclusive.
    for (const [name, figures] of [
      ["blocking-pool", threads?.figures],
      ["event-loop", eventLoop?.figures],
    ] as const) {
      const isReported = kept?.summary.includes(`With ${name}`);
      expect(isReported).toBe(figures?.inconclusive === "");
      expect(kept?.summary).toContain(figures?.inconclusive);
    }
  });

  test("is saved as it was reported", async () => {
    const kept = events.flatMap((event) => (event.case === "saved" ? event.value : []));
    const { run } = await server.lab.getRun({ id: kept[0]?.id ?? "" });
    expect(run?.summary).toMatchObject({
      exercise: "A",
      strategies: ["blocking-pool", "event-loop"],
      summary: kept[0]?.summary,
      isLoad: false,
    });
    expect(run?.machine?.node).toBe(process.version);
    const bursts = run?.kind.case === "race" ? run.kind.value.bursts : [];
    expect(
      bursts.map(({ strategy, events: all, figures }) => ({
        strategy,
        calls: all?.calls,
        loop: all?.loop,
        probe: all?.probe,
        figures,
      })),
    ).toEqual(burstsOf(events));
  });
});

test("the ideal of CPU work follows from its tasks' CPU time", async () => {
  const events = await runRace(server, { exercise: "C", strategies: ["async"], calls: 4 });
  const [burst] = burstsOf(events);
  const workMs =
    burst?.calls.map(({ steps }) => steps.find(({ name }) => name === "work")?.ms ?? 0) ?? [];
  const allMs = workMs.reduce((sum, ms) => sum + ms, 0);
  expect(burst?.figures?.idealMs).toBeGreaterThan(0);
  // A task computes no longer than it runs.
  expect(burst?.figures?.idealMs).toBeLessThanOrEqual(
    Math.max(...workMs, allMs / readCores().usable) + 1,
  );
});

test("work after the response has no ratio, and no calls in the request means the burst's own", async () => {
  const events = await runRace(server, { exercise: "G", strategies: ["background"] });
  const [burst] = burstsOf(events);
  expect(burst?.calls).toHaveLength(1);
  expect(burst?.figures).toMatchObject({ idealMs: 0, errors: 0 });
  expect(burst?.figures?.ratio).toBeUndefined();
});

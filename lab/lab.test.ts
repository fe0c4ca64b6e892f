import { stripVTControlCharacters } from "node:util";
import { readCores } from "@unblock/measure/cores";
import { exerciseOf } from "@unblock/proto/exercises";
import { Suitability } from "@unblock/proto/gen/exercise";
import { plainPaint } from "@unblock/terminal/text";
import { runCommand, startCommand } from "@unblock/test/cli";
import { descendantsOf, isAlive } from "@unblock/test/processes";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { costsOf } from "./costs.ts";
import { toJson } from "./json.ts";
import { judge, type Measurement } from "./judge.ts";
import { openRig, type Rig } from "./rig.ts";
import { selectedExercises } from "./run.ts";
import { Sampler } from "./sampler.ts";
import { renderHeading, Table } from "./table.ts";
import { renderWaterfalls } from "./waterfall.ts";

test("selects the exercises that have the strategy", () => {
  const left = (letters: string[]) =>
    selectedExercises({ letters, strategy: "blocking-pool" }).map(({ rpc }) => rpc);
  expect(left(["A", "C"])).toEqual(["GetUser", "ComputeHash"]);
  expect(left(["H"])).toEqual([]);
});

describe("measurements of the server", () => {
  const cores = readCores();
  let rig: Rig;
  const measured: Measurement[] = [];
  beforeAll(async () => {
    rig = await openRig({ cpuWorkers: 2, blockingThreads: 16, libuvThreads: 16 });
    const sampler = new Sampler(cores, new AbortController().signal);
    for (const exercise of await rig.fixWork(["A", "F", "G"])) {
      for (const strategy of exercise.strategies) {
        const subject = { exercise, strategy, cpuWorkers: 2, isOneWorker: false };
        const samples = [await sampler.take(rig, subject, 0)];
        const needs = { samples: 1, ofSurprise: 1 };
        const costs = costsOf(judge(subject, samples, needs, undefined), 10, undefined);
        const isRight = strategy.suitability <= Suitability.WORKS;
        measured.push(judge(subject, samples, needs, isRight ? costs : undefined));
      }
    }
  }, 60_000);
  afterAll(() => rig.close());

  const find = (letter: string, strategy: string) =>
    measured.find((one) => one.exercise.letter === letter && one.strategy.name === strategy);

  test("count the threads and processes that did the work", () => {
    expect(find("A", "event-loop")?.ranOn).toEqual({
      executor: "event-loop",
      processes: 1,
      threads: 1,
    });
    expect(find("A", "blocking-pool")?.ranOn).toMatchObject({
      executor: "blocking-pool",
      processes: 1,
    });
    expect(find("A", "blocking-pool")?.ranOn.threads).toBeGreaterThan(1);
    expect(find("G", "background")?.ranOn).toEqual({
      executor: "background",
      processes: 1,
      threads: null,
    });
  });

  test("have every call of the burst with its steps, its CPU time, and no error", () => {
    const burst = find("F", "cpu-pool")?.medianBurst ?? [];
    expect(burst).toHaveLength(5);
    for (const { steps, cpuMs } of burst) {
      expect(steps.map(({ name }) => name)).toEqual(["download", "queue", "work"]);
      expect(cpuMs).toBeGreaterThan(0);
    }
    expect(measured.map(({ errors }) => errors)).toEqual(measured.map(() => 0));
  });

  test("give all strategies of a CPU exercise the same work", () => {
    const calls = measured
      .filter(({ exercise }) => exercise.letter === "F")
      .flatMap(({ used }) => used.flatMap((sample) => sample.calls));
    expect(new Set(calls.map(({ rounds }) => rounds)).size).toBe(1);
  });

  test("have an ideal computed from the CPU time of their tasks", () => {
    for (const { exercise, medianBurst, idealMs } of measured) {
      const cpuMs = medianBurst.reduce((sum, call) => sum + (call.cpuMs ?? 0), 0);
      expect(idealMs).toBeGreaterThanOrEqual(
        exercise.letter === "F" ? 100 + cpuMs / cores.cpus.length : 0,
      );
    }
    expect(find("A", "event-loop")?.idealMs).toBe(50);
    expect(find("G", "background")?.idealMs).toBe(0);
  });

  test("become JSON with the names that scripts rely on", () => {
    const { results } = toJson(cores, [], measured);
    expect(results[0]).toMatchObject({ exercise: "A", rpc: "GetUser", strategy: "blocking-pool" });
    expect(Object.keys(results[0] ?? {})).toEqual([
      ...["exercise", "rpc", "strategy", "recommended", "requests", "runs", "wall_ms", "ideal_ms"],
      ...["ratio", "ratio_interval", "expected_ms", "within_expected", "conclusive", "reason"],
      ...["latency_ms", "loop_delay_max_ms", "probe_p99_ms", "ran_on", "errors", "costs"],
    ]);
    const ofG = results.filter(({ exercise }) => exercise === "G");
    expect(ofG.map(({ ratio }) => ratio)).toEqual([null, null]);
    for (const { conclusive, within_expected, reason } of results) {
      expect(within_expected === null).toBe(!conclusive);
      expect(reason === null).toBe(conclusive);
    }
  });

  test("become a table that fits 80 columns, explains itself once, and has no control characters", () => {
    const table = new Table(80, plainPaint, cores.usable);
    const byExercise = [...Map.groupBy(measured, ({ exercise }) => exercise.letter).values()];
    const text = byExercise.map((group) => table.exercise(group)).join("");
    expect(text).toBe(stripVTControlCharacters(text));
    expect(Math.max(...text.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(text.match(/wall ÷ ideal/g)).toHaveLength(1);
    for (const { strategy } of measured) {
      expect(text).toMatch(new RegExp(`^[★✓~✗] ${strategy.name} `, "m"));
    }
  });

  test("have a heading with a shorter command and the external backends", () => {
    const [first, second] = renderHeading(cores, []).split("\n");
    expect(first).toContain("npm run lab -- --exercise A");
    expect(second).toMatch(/^unblock lab on [\d.]+ /);
    expect(renderHeading(cores, ["Postgres", "Redis"])).toContain(
      "External: Postgres and Redis. All other backends are embedded.",
    );
  });

  test("become a drawing with a bar for each call", () => {
    const svg = renderWaterfalls(measured);
    expect(svg).toMatch(/^<svg .*<\/svg>\n$/s);
    expect(svg).toContain("★ blocking-pool");
    expect(svg.match(/fill="#1f5fa8"/g)?.length).toBeGreaterThan(30);
  });

  test("are inconclusive when calls fail", async () => {
    const exercise = exerciseOf("H");
    const [strategy] = exercise.strategies;
    if (strategy === undefined) {
      throw new Error("Expected H to have a strategy");
    }
    const other = await openRig({ cpuWorkers: 1, blockingThreads: 1, libuvThreads: 4 }, false);
    const sampler = new Sampler(cores, new AbortController().signal);
    const subject = { exercise, strategy: { ...strategy, name: "none" }, cpuWorkers: 1 };
    const samples = [await sampler.take(other, { ...subject, isOneWorker: false }, 0)];
    await other.close();
    const needs = { samples: 1, ofSurprise: 1 };
    const measurement = judge({ ...subject, isOneWorker: false }, samples, needs, undefined);
    expect(measurement.withinExpected).toBeNull();
    expect(measurement.inconclusive).toMatch(/calls? failed$/);
    expect(measurement.firstError).toContain("has no strategy");
  });
});

describe("npm run lab", () => {
  test.each([
    [["--exercise", "A,Z"], '"Z"'],
    [["--strategy", "magic"], '"magic"'],
    [["--runs", "1"], "--runs"],
    [["--svg", "nowhere/bursts.svg"], "nowhere"],
    [["--fast"], "--fast"],
  ])("rejects %j with exit code 1, and names what is wrong", async (args, wrong) => {
    const { code, stdout, stderr } = await runCommand(process.execPath, ["lab/main.ts", ...args]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(wrong);
  });

  test("prints finished exercises at Ctrl-C, exits with 130 and leaves no processes", async () => {
    const { child, stdout, exited } = startCommand(process.execPath, [
      "lab/main.ts",
      ...["--exercise", "A,B", "--runs", "100"],
    ]);
    const pid = child.pid ?? 0;
    const started: number[] = [];
    // A has ended when its measurements are printed, and B takes minutes.
    await expect
      .poll(
        () => {
          started.push(...descendantsOf(pid));
          return stdout();
        },
        { timeout: 100_000, interval: 500 },
      )
      .toContain("event-loop");
    process.kill(pid, "SIGINT");
    expect(await exited).toBe(130);
    expect(stdout()).toContain("Database lookup");
    expect(started.length).toBeGreaterThan(0);
    await expect.poll(() => started.filter(isAlive), { timeout: 10_000 }).toEqual([]);
  }, 120_000);
});

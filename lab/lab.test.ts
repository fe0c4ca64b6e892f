import { stripVTControlCharacters } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Suitability } from "../gen/unblock/v1/exercise_pb.ts";
import { runCommand } from "../testing/cli.ts";
import { exerciseOf } from "../testing/exercise-of.ts";
import { measure } from "./measure.ts";
import { type Measurement, toJson } from "./result.ts";
import { Rig } from "./rig.ts";
import { makePlans } from "./run.ts";
import { sentenceOf } from "./sentence.ts";
import { renderTable } from "./table.ts";
import { measureTaskAlone } from "./task-alone.ts";
import { renderWaterfalls } from "./waterfall.ts";

test("plans are what the options leave", () => {
  const plans = makePlans({ letters: ["A", "C"], strategy: "threads" });
  expect(plans.map(({ exercise, strategies }) => [exercise.rpc, strategies.length])).toEqual([
    ["GetUser", 1],
    ["ComputeHash", 1],
  ]);
  expect(makePlans({ letters: ["H"], strategy: "threads" })).toEqual([]);
});

describe("a measurement with the real server", () => {
  let rig: Rig;
  const measured: Measurement[] = [];
  beforeAll(async () => {
    rig = await Rig.open(["--cpu-workers=2"]);
    for (const letter of ["A", "F", "G"]) {
      const exercise = exerciseOf(letter);
      const taskMs = await measureTaskAlone(rig.bursts, exercise);
      for (const strategy of exercise.strategies) {
        const options = { runs: 1, cores: 2, cpuWorkers: 2, taskMs };
        measured.push(await measure(rig, exercise, strategy, options));
      }
    }
  }, 60_000);
  afterAll(() => rig.close());

  const result = () => ({
    machine: { cores: 2, node: process.version },
    realEngines: [],
    measurements: measured,
    oneCpuWorker: [],
  });
  const find = (letter: string, strategy: string) =>
    measured.find((one) => one.exercise.letter === letter && one.strategy.name === strategy);

  test("says how many threads and processes did the work", () => {
    expect(find("A", "event-loop")?.ranOn).toEqual({
      place: "event-loop",
      processes: 1,
      threads: 1,
    });
    expect(find("A", "threads")?.ranOn).toMatchObject({ place: "threads", processes: 1 });
    expect(find("A", "threads")?.ranOn.threads).toBeGreaterThan(1);
    expect(find("G", "background")?.ranOn).toEqual({
      place: "background",
      processes: 1,
      threads: null,
    });
  });

  test("has every call of the burst with its steps, and no error", () => {
    const burst = find("F", "workers")?.medianBurst ?? [];
    expect(burst).toHaveLength(5);
    expect(burst.map(({ steps }) => steps.map(({ name }) => name))).toEqual(
      burst.map(() => ["download", "queue", "work"]),
    );
    expect(measured.map(({ errors }) => errors)).toEqual(measured.map(() => 0));
  });

  test("becomes JSON with the names that scripts rely on", () => {
    const [row] = toJson(result()).results;
    expect(row).toMatchObject({ exercise: "A", rpc: "GetUser", strategy: "threads" });
    expect(Object.keys(row ?? {})).toEqual([
      ...["exercise", "rpc", "strategy", "recommended", "requests", "runs", "wall_ms", "limit_ms"],
      ...["ratio", "band_ms", "within_band", "latency_ms", "loop_delay_max_ms"],
      ...["bystander_p99_ms", "ran_on", "errors"],
    ]);
    const ratios = toJson(result()).results.filter(({ exercise }) => exercise === "G");
    expect(ratios.map(({ ratio }) => ratio)).toEqual([null, null]);
  });

  test("says which engines are real", () => {
    const real = { ...result(), realEngines: ["Postgres", "Redis"] };
    expect(renderTable(real, { isTTY: false })).toContain(
      "Real: Postgres and Redis. All other backends are embedded.",
    );
    expect(renderTable(result(), { isTTY: false })).not.toContain("embedded");
  });

  test("becomes a table that fits 80 columns and has no control characters when piped", () => {
    const table = renderTable(result(), { isTTY: false });
    expect(table).toBe(stripVTControlCharacters(table));
    expect(Math.max(...table.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    for (const { strategy } of measured) {
      expect(table).toMatch(new RegExp(`^[★✓~✗] ${strategy.name} `, "m"));
    }
  });

  test("becomes words", () => {
    const users = measured.filter(({ exercise }) => exercise.letter === "A");
    expect(sentenceOf(users)).toMatch(
      /^With threads 10 calls take \d+ ms, [\d.]+ times the limit of 50\. With event-loop it is \d+ ms/,
    );
  });

  test("becomes a drawing with a bar for each call", () => {
    const svg = renderWaterfalls(result());
    expect(svg).toMatch(/^<svg .*<\/svg>\n$/s);
    expect(svg).toContain("★ threads");
    expect(svg.match(/fill="#1f5fa8"/g)?.length).toBeGreaterThan(30);
  });

  test("marks every kind of strategy differently", () => {
    const suitabilities = new Set(measured.map(({ strategy }) => strategy.suitability));
    expect(suitabilities).toEqual(
      new Set([Suitability.RECOMMENDED, Suitability.WORKS, Suitability.SLOW, Suitability.FREEZES]),
    );
  });
});

describe("npm run lab", () => {
  test.each([
    [["--exercise", "A,Z"], 'Expected letters of A, B, C, D, E, F, G, H, got "Z".'],
    [
      ["--strategy", "magic"],
      'No exercise asked for has the strategy "magic"; there are: threads,',
    ],
    [["--runs", "0"], "argument '0' is invalid. Expected a whole number from 1 to 100."],
    [["--svg", "nowhere/bursts.svg"], "Expected the folder of --svg to exist, found no nowhere"],
    [["--fast"], "error: unknown option '--fast'"],
  ])("says what is wrong with %j, and exits with 1", async (args, message) => {
    const { code, stdout, stderr } = await runCommand(process.execPath, ["lab/main.ts", ...args]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toContain(message);
  });
});

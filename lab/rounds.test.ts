import type { Exercise } from "@unblock/proto/exercises";
import { exerciseOf } from "@unblock/proto/exercises";
import { describe, expect, test } from "vitest";
import type { Sample, Subject } from "./judge.ts";
import { maxRounds, needs, Rounds } from "./rounds.ts";

const noDeadline = Number.POSITIVE_INFINITY;

/** Wall time of a subject's next sample, and whether it is disturbed. */
type Script = (subject: Subject, nth: number) => { wallMs: number; isDisturbed?: boolean };

interface Ran {
  readonly rounds: Rounds;
  /** Names of the strategies in order of measurement, by round. */
  readonly order: readonly (readonly string[])[];
  /** Waits for other programs to leave the machine alone. */
  readonly waits: number;
}

/** Runs the rounds of an exercise whose ideal is 100 ms, with scripted samples. */
async function runRounds(
  letter: string,
  script: Script,
  {
    becomesCalm = true,
    repeatUntilMs = noDeadline,
    narrowUntilMs = noDeadline,
    withOneWorker = false,
  } = {},
): Promise<Ran> {
  const exercise = exerciseOf(letter);
  const taken = new Map<Subject, number>();
  const order: string[][] = [];
  let waits = 0;
  const subjects = exercise.strategies.map((strategy) => subjectOf(exercise, strategy.name));
  const one = { ...subjectOf(exercise, exercise.recommended), cpuWorkers: 1, isOneWorker: true };
  const all = withOneWorker ? [...subjects, one] : subjects;
  const rounds = new Rounds(all, {
    take: async (subject, round, calls) => {
      const nth = taken.get(subject) ?? 0;
      taken.set(subject, nth + 1);
      const { wallMs, isDisturbed = false } = script(subject, nth);
      // Samples with a number of calls measure costs and belong to no round.
      if (calls === undefined) {
        const ofRound = order[round] ?? [];
        ofRound.push(subject.isOneWorker ? "one" : subject.strategy.name);
        order[round] = ofRound;
      }
      return sampleOf(round, wallMs, isDisturbed);
    },
    becomeCalm: async () => {
      waits++;
      return becomesCalm;
    },
    ...{ rounds: 5, perThreadMb: undefined, patience: { vainWaits: 0 }, onProgress: () => {} },
    ...{ narrowUntilMs: Math.min(narrowUntilMs, repeatUntilMs), repeatUntilMs },
  });
  await rounds.run();
  return { rounds, order, waits };
}

function subjectOf(exercise: Exercise, name: string): Subject {
  const strategy = exercise.strategies.find((one) => one.name === name);
  if (strategy === undefined) {
    throw new Error(`Expected ${exercise.rpc} to have ${name}`);
  }
  return { exercise, strategy, cpuWorkers: 2, isOneWorker: false };
}

function sampleOf(round: number, wallMs: number, isDisturbed: boolean): Sample {
  return {
    ...{ round, wallMs, idealMs: 100, expectedMs: [100, 135], burst: [], calls: [] },
    ...{ probeMs: [1], loopDelayMaxMs: 1, speedMs: 1, serverCpuMs: 0 },
    disturbedBy: isDisturbed ? "others used 1.0 of 2 cores meanwhile" : undefined,
  };
}

/** As the specification expects: right strategies near the ideal, others twice as long. */
const expected: Script = ({ strategy, isOneWorker }, nth) => ({
  wallMs: (["async", "event-loop"].includes(strategy.name) || isOneWorker ? 200 : 110) + (nth % 2),
});

const measurementOf = ({ rounds }: Ran, name: string) =>
  rounds.measurements().find(({ strategy, isOneWorker }) => strategy.name === name && !isOneWorker);

/** Samples of a strategy, without those that measure costs. */
const countOf = ({ order }: Ran, name: string) =>
  order.filter((round) => round.includes(name)).length;

describe("rounds", () => {
  test("alternate their direction, and right strategies have more of them", async () => {
    const { order } = await runRounds("C", expected);
    expect(order).toEqual([
      ["cpu-pool", "processes", "blocking-pool", "async", "event-loop"],
      ["event-loop", "async", "blocking-pool", "processes", "cpu-pool"],
      ["cpu-pool", "processes", "blocking-pool"],
      ["blocking-pool", "processes", "cpu-pool"],
      ["cpu-pool", "processes", "blocking-pool"],
    ]);
  });

  test("measure a wrong strategy a third time when its first two samples differ", async () => {
    const ran = await runRounds("C", (subject, nth) => ({
      wallMs:
        expected(subject, nth).wallMs * (subject.strategy.name === "async" && nth > 0 ? 1.1 : 1),
    }));
    expect(countOf(ran, "async")).toBeGreaterThanOrEqual(3);
    expect(countOf(ran, "event-loop")).toBe(2);
  });

  test("measure short bursts that scatter after the time for others is up", async () => {
    const scattering = (shortMs: number): Script => {
      return ({ strategy }, nth) => ({
        wallMs: strategy.name === "cpu-pool" ? shortMs + (nth % 2) * 15 : 220,
      });
    };
    const late = (wallMs: number) => runRounds("C", scattering(wallMs), { narrowUntilMs: 0 });
    expect(countOf(await late(110), "cpu-pool")).toBe(maxRounds.right);
    // As many as confirm what contradicts the specification.
    expect(countOf(await late(220), "cpu-pool")).toBe(needs.ofSurprise);
  });

  test("repeat disturbed samples when the machine is quiet again", async () => {
    const ran = await runRounds("C", (subject, nth) => ({
      ...expected(subject, nth),
      isDisturbed: nth % 2 === 0,
    }));
    expect(ran.waits).toBeGreaterThan(0);
    for (const { inconclusive, used } of ran.rounds.measurements()) {
      expect(inconclusive).toBeUndefined();
      expect(used.every(({ disturbedBy }) => disturbedBy === undefined)).toBe(true);
    }
  });

  test("stop waiting for a machine that is always disturbed, and are inconclusive", async () => {
    const ran = await runRounds(
      "C",
      (subject, nth) => ({ ...expected(subject, nth), isDisturbed: true }),
      { becomesCalm: false },
    );
    expect(ran.waits).toBe(3);
    for (const { inconclusive, withinExpected, samples } of ran.rounds.measurements()) {
      expect(inconclusive).toMatch(/disturbed: others used 1\.0 of 2 cores meanwhile$/);
      expect(withinExpected).toBeNull();
      expect(samples.length).toBeLessThanOrEqual(4);
    }
  });

  test("measure everything once after the deadline", async () => {
    const ran = await runRounds("C", expected, { repeatUntilMs: 0 });
    expect(ran.order).toEqual([["cpu-pool", "processes", "blocking-pool", "async", "event-loop"]]);
    for (const { inconclusive } of ran.rounds.measurements()) {
      expect(inconclusive).toBe("only 1 of the 2 required measurements fitted into the time");
    }
  });

  test.each([
    ["a recommended strategy beyond what is expected", "cpu-pool", 150, false],
    ["a wrong strategy within what is expected", "async", 120, true],
  ])("measure %s again, and conclude it after six samples", async (_, name, wallMs, within) => {
    const steady = await runRounds("C", (subject, nth) =>
      subject.strategy.name === name ? { wallMs } : expected(subject, nth),
    );
    expect(measurementOf(steady, name)).toMatchObject({
      withinExpected: within,
      inconclusive: undefined,
    });
    expect(measurementOf(steady, name)?.used.length).toBeGreaterThanOrEqual(6);

    const passing = await runRounds("C", (subject, nth) =>
      subject.strategy.name === name && nth < 3 ? { wallMs } : expected(subject, nth),
    );
    expect(measurementOf(passing, name)?.withinExpected).not.toBe(within);
  });

  test("measure several workers that are no faster than one again", async () => {
    const ran = await runRounds("C", () => ({ wallMs: 130 }), { withOneWorker: true });
    for (const name of ["cpu-pool", "one"]) {
      expect(countOf(ran, name), name).toBeGreaterThanOrEqual(6);
    }
  });

  test("are inconclusive below the ideal", async () => {
    const ran = await runRounds("C", ({ strategy }, nth) => ({
      wallMs: (strategy.name === "cpu-pool" ? 81 : 110) + (nth % 2),
    }));
    expect(measurementOf(ran, "cpu-pool")).toMatchObject({ withinExpected: null });
    expect(measurementOf(ran, "cpu-pool")?.inconclusive).toMatch(/^0\.8\d times the ideal is imp/);
  });
});

import { exerciseOf, exercises } from "@unblock/proto/exercises";
import { type Strategy, Suitability } from "@unblock/proto/gen/exercise";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { judge, type Measurement, type Sample, type Subject } from "./judge.ts";
import { needs } from "./rounds.ts";
import { summaryOf } from "./summary.ts";

/** A sample's random part; walls are times the ideal, so that impossible ones occur as well. */
const randomSample = fc.record({
  round: fc.nat(9),
  wallTimes: fc.oneof(
    fc.double({ min: 0.6, max: 4, noNaN: true }),
    fc.double({ min: 1, max: 1.6, noNaN: true }),
  ),
  idealMs: fc.double({ min: 5, max: 2_000, noNaN: true }),
  probeMs: fc.array(fc.double({ min: 0.1, max: 1_500, noNaN: true }), {
    minLength: 1,
    maxLength: 4,
  }),
  speedMs: fc.constantFrom(1, 1, 1, 1.4),
  isDisturbed: fc.boolean(),
  fails: fc.integer({ min: 0, max: 40 }).map((dice) => dice === 0),
  threads: fc.integer({ min: 1, max: 16 }),
});

const randomCosts = fc.option(
  fc.record({
    memoryMb: fc.option(fc.double({ min: 0, max: 300, noNaN: true }), { nil: undefined }),
    cpuPerCallMs: fc.option(fc.double({ min: 0, max: 200, noNaN: true }), { nil: undefined }),
    tenTimesMs: fc.option(fc.double({ min: 1, max: 5_000, noNaN: true }), { nil: undefined }),
    crashEnds: fc.constant("one call"),
  }),
  { nil: undefined },
);

type Random<T> = T extends fc.Arbitrary<infer Value> ? Value : never;

function sampleOf(subject: Subject, random: Random<typeof randomSample>, scale: number): Sample {
  const { exercise } = subject;
  const idealMs = exercise.work.afterResponse
    ? 0
    : exercise.work.cpu
      ? random.idealMs
      : exercise.work.waitMs;
  const wallMs = Math.max(0.1, (idealMs || 3) * random.wallTimes * scale);
  const { expected } = exercise.burst;
  const call = {
    ...{ sentMs: 0, endedMs: wallMs, message: "", beganMs: 0, steps: [], cpuMs: 1, rounds: 1 },
    code: random.fails ? "unavailable" : "ok",
  };
  const burst = Array.from({ length: exercise.burst.calls }, (_, index) => ({
    ...call,
    ranOn: { executor: "blocking-pool", pid: "1", thread: String(index % random.threads) },
  }));
  return {
    ...{ round: random.round, wallMs, idealMs, burst, calls: burst, probeMs: random.probeMs },
    ...{ loopDelayMaxMs: 1, speedMs: random.speedMs, serverCpuMs: 1 },
    expectedMs:
      "timesIdeal" in expected
        ? [idealMs, expected.timesIdeal * idealMs]
        : [expected.fromMs, expected.toMs],
    disturbedBy: random.isDisturbed ? "others used 1.0 of 2 cores meanwhile" : undefined,
  };
}

/** Steady samples are alike, so that intervals are narrow and comparisons decided. */
const randomRow = fc.record({
  samples: fc.uniqueArray(randomSample, {
    minLength: 1,
    maxLength: 9,
    selector: ({ round }) => round,
  }),
  isSteady: fc.constantFrom(true, true, false),
  isCalm: fc.constantFrom(true, true, false),
  scale: fc.constantFrom(0.9, 1, 1, 1.5, 8),
  costs: randomCosts,
});

/** Of a whole exercise: a row for each strategy, and for the one worker. */
const randomRun = fc.record({
  letter: fc.constantFrom(...exercises.map((exercise) => exercise.letter), "C", "C", "F"),
  withOneWorker: fc.constantFrom(true, true, false),
  cpuWorkers: fc.constantFrom(2, 2, 1, 8),
  usableCores: fc.constantFrom(2, 2, 1, 1.5, 8),
  rows: fc.array(randomRow, { minLength: 8, maxLength: 8 }),
});

function measurementsOf(run: Random<typeof randomRun>): Measurement[] {
  const { letter, withOneWorker, cpuWorkers, rows } = run;
  const exercise = exerciseOf(letter);
  const { allStrategies, recommended } = exercise;
  const one = allStrategies.find(({ name }) => name === recommended);
  const subjects: Subject[] = [
    ...allStrategies.map((strategy) => ({ exercise, strategy, cpuWorkers, isOneWorker: false })),
    ...(withOneWorker && cpuWorkers > 1 && exercise.work.cpu && one !== undefined
      ? [{ exercise, strategy: one, cpuWorkers: 1, isOneWorker: true }]
      : []),
  ];
  return subjects.map((subject, index) => {
    const { samples = [], isSteady, isCalm, scale = 1, costs } = rows[index] ?? {};
    const [first] = samples;
    const made = samples.map((random, round) => {
      const steady = isSteady && first !== undefined ? { ...first, round } : random;
      const fails = isCalm ? false : random.fails;
      const isDisturbed = isCalm ? false : random.isDisturbed;
      return sampleOf(subject, { ...steady, fails, isDisturbed }, scale);
    });
    return judge(subject, made, needs, isRight(subject.strategy) ? costs : undefined);
  });
}

function isRight({ suitability }: Strategy): boolean {
  return suitability <= Suitability.WORKS;
}

/** The figures, computed independently from the samples. */
class Facts {
  readonly measured: readonly Measurement[];
  readonly usableCores: number;

  constructor(measured: readonly Measurement[], usableCores: number) {
    this.measured = measured;
    this.usableCores = usableCores;
  }

  of(name: string): Measurement {
    const found = this.measured.find(
      ({ strategy, isOneWorker }) =>
        !isOneWorker && strategy.name.toLowerCase() === name.toLowerCase(),
    );
    if (found === undefined) {
      throw new Error(`Expected a measurement of ${name}`);
    }
    return found;
  }

  /** A statement needs undisturbed samples, at least two, of which every call succeeded. */
  mayBeConcluded(one: Measurement): void {
    expect(calmOf(one).length).toBeGreaterThanOrEqual(2);
    expect(one.samples.flatMap(({ calls }) => calls).filter(({ code }) => code !== "ok")).toEqual(
      [],
    );
    const ratio = median(calmOf(one).map(({ wallMs, idealMs }) => wallMs / idealMs));
    expect(ratio).toBeGreaterThanOrEqual(0.97);
  }

  /** Wall times of rounds that both have, at the same speed. */
  quotients(one: Measurement, other: Measurement): number[] {
    return calmOf(one).flatMap((sample) => {
      const pair = calmOf(other).findLast(({ round }) => round === sample.round);
      const change =
        pair && Math.max(pair.speedMs, sample.speedMs) / Math.min(pair.speedMs, sample.speedMs);
      return pair && change !== undefined && change <= 1.15 ? [sample.wallMs / pair.wallMs] : [];
    });
  }
}

const calmOf = ({ samples }: Measurement) =>
  samples.filter(({ disturbedBy }) => disturbedBy === undefined);

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [(sorted.length - 1) >> 1, sorted.length >> 1];
  return ((sorted[low] ?? Number.NaN) + (sorted[high] ?? Number.NaN)) / 2;
}

/** Whether a printed number is this value, rounded to the digits that it has. */
function expectPrinted(printed: string | undefined, value: number): void {
  const digits = printed?.split(".")[1]?.length ?? 0;
  expect(Math.abs(Number(printed) - value)).toBeLessThanOrEqual(0.5001 * 10 ** -digits);
}

const number = String.raw`([\d.]+)`;
const strategy = "([A-Za-z]+(?:-[a-z]+)*)";
const others = String.raw`; other calls meanwhile wait ${number} ms \(p99\)`;
const interval = String.raw`(?: \(${number}–${number}\))?`;

type Check = (facts: Facts, found: readonly (string | undefined)[]) => void;

/** Every form of sentence that there is, and what must be true of the figures to say it. */
const sentences: readonly (readonly [RegExp, Check])[] = [
  [
    new RegExp(
      `^With ${strategy} (?:the call takes|\\d+ calls take) ${number} ms(?:, ${number} times the ideal of ${number}|, and the work follows)?(?:${others})?$`,
    ),
    (facts, [name = "", wall, ratio, ideal, probe]) => {
      const one = facts.of(name);
      facts.mayBeConcluded(one);
      expectPrinted(wall, median(calmOf(one).map(({ wallMs }) => wallMs)));
      if (ratio !== undefined) {
        expectPrinted(ratio, median(calmOf(one).map(({ wallMs, idealMs }) => wallMs / idealMs)));
        expectPrinted(ideal, median(calmOf(one).map(({ idealMs }) => idealMs)));
      }
      if (probe !== undefined) {
        expectPrinted(probe, one.probeP99Ms);
      }
    },
  ],
  [
    new RegExp(
      `^That is beyond the ${number} ms that are expected, in (\\d+) undisturbed measurements(?: of ${number}–${number} times the ideal)?(?:: it had (\\d+) CPU workers? for ${number} cores|: (\\d+) tasks take (\\d+) rounds on (\\d+) CPU workers, the last of them with idle cores)?$`,
    ),
    (facts, [end, count, low, high, had, cores, tasks, rounds, workers]) => {
      const one = facts.of(facts.measured[0]?.exercise.recommended ?? "");
      if (had !== undefined) {
        expect([Number(had), Number(cores)]).toEqual([one.cpuWorkers, facts.usableCores]);
        expect(Number(had)).toBeLessThan(Number(cores));
      }
      if (tasks !== undefined) {
        expect(Number(tasks)).toBe(one.exercise.burst.calls);
        expect(Number(workers)).toBe(one.cpuWorkers);
        expect(Number(rounds)).toBe(Math.ceil(Number(tasks) / one.cpuWorkers));
      }
      facts.mayBeConcluded(one);
      expect(calmOf(one).length).toBe(Number(count));
      expect(Number(count)).toBeGreaterThanOrEqual(needs.ofSurprise);
      expectPrinted(end, median(calmOf(one).map(({ expectedMs }) => expectedMs[1])));
      expect(median(calmOf(one).map(endOf))).toBeGreaterThan(1);
      expectAround(one, low, high);
    },
  ],
  [
    new RegExp(
      `^On this machine ${strategy} stays within the ${number} ms that are expected, in (\\d+) undisturbed measurements(?: of ${number}–${number} times the ideal)?${others}$`,
    ),
    (facts, [name = "", end, count, low, high, probe]) => {
      const one = facts.of(name);
      facts.mayBeConcluded(one);
      expect(calmOf(one).length).toBe(Number(count));
      expect(Number(count)).toBeGreaterThanOrEqual(needs.ofSurprise);
      expectPrinted(end, median(calmOf(one).map(({ expectedMs }) => expectedMs[1])));
      expect(median(calmOf(one).map(endOf))).toBeLessThanOrEqual(1);
      expectAround(one, low, high);
      expectPrinted(probe, one.probeP99Ms);
    },
  ],
  [
    new RegExp(
      `^With ${strategy} it is ${number} ms(?:, ${number} times${interval} as long)?(?:${others})?$`,
    ),
    (facts, [name = "", wall, factor, low, high, probe]) => {
      const one = facts.of(name);
      facts.mayBeConcluded(one);
      expectPrinted(wall, median(calmOf(one).map(({ wallMs }) => wallMs)));
      if (factor !== undefined) {
        // It follows on the sentence about another, the recommended or else the fastest.
        const best = bestOf(facts);
        facts.mayBeConcluded(best);
        expectFactor(facts.quotients(one, best), factor, low, high);
      }
      if (probe !== undefined) {
        expectPrinted(probe, one.probeP99Ms);
      }
    },
  ],
  [
    new RegExp(`^${strategy} takes ${number} times${interval} as long(?:, (and|but) (.*))?$`),
    (facts, [name = "", factor, low, high, word, reasons]) => {
      const [one, best] = [facts.of(name), bestOf(facts)];
      facts.mayBeConcluded(one);
      facts.mayBeConcluded(best);
      expectFactor(facts.quotients(one, best), factor, low, high);
      expectReasons(reasons, one, best, word === "and" ? "more" : "less");
    },
  ],
  [
    new RegExp(
      `^${strategy} is (?:equal|${number} times${interval} as fast)(?:, but (.*): so ${strategy} is recommended|, and (.*): it is the better choice here|: it is the better choice here|, and nothing measured here speaks against it)$`,
    ),
    (facts, [name = "", factor, low, high, more, recommended, less]) => {
      const [one, best] = [facts.of(name), bestOf(facts)];
      facts.mayBeConcluded(one);
      facts.mayBeConcluded(best);
      const quotients = facts.quotients(one, best);
      if (factor === undefined) {
        expectNoDifference(quotients, one, best);
      } else {
        expectFactor(
          quotients.map((value) => 1 / value),
          factor,
          low,
          high,
        );
      }
      if (more !== undefined) {
        expect(recommended).toBe(best.strategy.name);
        expectReasons(more, one, best, "more");
      }
      if (less !== undefined) {
        expectReasons(less, one, best, "less");
      }
    },
  ],
  [
    new RegExp(
      `^One CPU worker takes ${number} ms: (\\d+) are ${number} times${interval} as fast$`,
    ),
    (facts, [wall, workers, factor, low, high]) => {
      const one = oneWorkerOf(facts);
      const best = bestOf(facts);
      facts.mayBeConcluded(one);
      facts.mayBeConcluded(best);
      expect(Number(workers)).toBe(best.cpuWorkers);
      expectPrinted(wall, median(calmOf(one).map(({ wallMs }) => wallMs)));
      expectFactor(facts.quotients(one, best), factor, low, high);
    },
  ],
  [
    new RegExp(
      `^On this machine one CPU worker is ${number} times${interval} as fast as \\d+, in (\\d+) undisturbed rounds$`,
    ),
    (facts, [factor, low, high, rounds]) => {
      const one = oneWorkerOf(facts);
      const best = bestOf(facts);
      facts.mayBeConcluded(one);
      facts.mayBeConcluded(best);
      const quotients = facts.quotients(best, one);
      expectFactor(quotients, factor, low, high);
      expect(Number(rounds)).toBeGreaterThanOrEqual(needs.ofSurprise);
    },
  ],
  [
    /^Between one CPU worker and \d+ no difference was seen$/,
    (facts) => {
      const one = oneWorkerOf(facts);
      const best = bestOf(facts);
      facts.mayBeConcluded(one);
      facts.mayBeConcluded(best);
      expectNoDifference(facts.quotients(one, best), one, best);
    },
  ],
  [
    /^Nothing is concluded about (.*?): (.*)$/,
    (facts, [names = "", reason]) => {
      for (const name of names.split(" and ")) {
        const one = name === "one CPU worker" ? oneWorkerOf(facts) : facts.of(name);
        expect(one.inconclusive).toBe(reason);
        expect(one.withinExpected).toBeNull();
      }
    },
  ],
];

const endOf = ({ wallMs, expectedMs }: Sample) => wallMs / expectedMs[1];

function oneWorkerOf({ measured }: Facts): Measurement {
  const one = measured.find(({ isOneWorker }) => isOneWorker);
  if (one === undefined) {
    throw new Error("Expected one worker to have been measured");
  }
  return one;
}

/** What others are compared with: the recommended one, or else the fastest that has a result. */
function bestOf({ measured }: Facts): Measurement {
  const conclusive = measured.filter((one) => one.inconclusive === undefined && !one.isOneWorker);
  const best =
    conclusive.find(({ strategy: { name }, exercise }) => name === exercise.recommended) ??
    conclusive.toSorted((a, b) => a.wallMs.median - b.wallMs.median)[0];
  if (best === undefined) {
    throw new Error("Expected something to compare with");
  }
  return best;
}

/** An interval of ratios has their median in it, but for the rounding of two digits. */
function expectAround(one: Measurement, low: string | undefined, high: string | undefined): void {
  const ratio = median(calmOf(one).map(({ wallMs, idealMs }) => wallMs / idealMs));
  if (low !== undefined && high !== undefined) {
    expect(Number(low)).toBeLessThanOrEqual(ratio * 1.01);
    expect(Number(high)).toBeGreaterThanOrEqual(ratio * 0.99);
  }
}

/** More than 1 in the middle and, where there is an interval, at its lower end. */
function expectFactor(
  quotients: readonly number[],
  printed: string | undefined,
  low: string | undefined,
  high: string | undefined,
): void {
  const value = median(quotients);
  expectPrinted(printed, value);
  expect(value).toBeGreaterThan(1);
  if (low !== undefined && high !== undefined) {
    expect(Number(low)).toBeGreaterThanOrEqual(0.99);
    expect(Number(low)).toBeLessThanOrEqual(Number(printed) + 0.01);
    expect(Number(high)).toBeGreaterThanOrEqual(Number(printed) - 0.01);
    expect(quotients.length).toBeGreaterThanOrEqual(2);
  }
}

/** Both were measured, and neither is beyond all that the other was. */
function expectNoDifference(
  quotients: readonly number[],
  one: Measurement,
  best: Measurement,
): void {
  expect(quotients.length).toBeGreaterThan(0);
  const disjoint = (a: readonly number[], b: readonly number[]) => Math.max(...a) < Math.min(...b);
  const [walls, others] = [one, best].map((each) => calmOf(each).map(({ wallMs }) => wallMs));
  const ones = [1];
  const areApart =
    quotients.length >= 5 &&
    (walls?.length ?? 0) >= 5 &&
    (others?.length ?? 0) >= 5 &&
    (disjoint(quotients, ones) || disjoint(ones, quotients)) &&
    (disjoint(walls ?? [], others ?? []) || disjoint(others ?? [], walls ?? []));
  expect(areApart).toBe(false);
}

/** Each reason compares two figures, and the first is the larger one of what costs more. */
function expectReasons(
  reasons: string | undefined,
  one: Measurement,
  best: Measurement,
  which: "more" | "less",
): void {
  for (const reason of reasons?.split(", and ") ?? []) {
    const known = reasonForms.find(([form]) => form.test(reason));
    expect(known, reason).toBeDefined();
    const [form, value] = known ?? [];
    const [, printed, other] = form?.exec(reason) ?? [];
    expectPrinted(printed, value?.(one) ?? Number.NaN);
    expectPrinted(other, value?.(best) ?? Number.NaN);
    expect(Number(printed) > Number(other) ? "more" : "less").toBe(which);
  }
}

type ValueOf = (measurement: Measurement) => number | null | undefined;

const reasonForms: readonly (readonly [RegExp, ValueOf])[] = [
  [
    new RegExp(`^ten times the calls take ${number} ms instead of ${number}$`),
    ({ costs }) => costs?.tenTimesMs,
  ],
  [new RegExp(`^it takes ${number} threads? instead of ${number}$`), ({ ranOn }) => ranOn.threads],
  [
    new RegExp(`^it takes ${number} MB of memory instead of ${number}$`),
    ({ costs }) => costs?.memoryMb,
  ],
  [
    new RegExp(`^half of the calls wait longer than ${number} ms instead of ${number}$`),
    ({ latencyMs }) => latencyMs.p50,
  ],
  [
    new RegExp(`^other calls wait ${number} ms \\(p99\\) instead of ${number}$`),
    ({ probeP99Ms }) => probeP99Ms,
  ],
  [
    new RegExp(`^a call takes ${number} ms of CPU instead of ${number}$`),
    ({ costs }) => costs?.cpuPerCallMs,
  ],
];

const sentencesOf = (summary: string) =>
  summary === ""
    ? []
    : summary
        .replace(/\.$/, "")
        .split(/\.(?= [A-Z])/)
        .map((part) => part.trim());

describe("a summary", () => {
  test("states only what the figures support", () => {
    fc.assert(
      fc.property(randomRun, (run) => {
        const measured = measurementsOf(run);
        const facts = new Facts(measured, run.usableCores);
        const said = sentencesOf(summaryOf(measured, run.usableCores));
        for (const sentence of said) {
          const [form, check] = sentences.find(([one]) => one.test(sentence)) ?? [];
          expect(form, `an unknown sentence: ${sentence}`).toBeDefined();
          if (form !== undefined && check !== undefined) {
            check(facts, form.exec(sentence)?.slice(1) ?? []);
          }
        }
        // Every measurement is described or listed as inconclusive.
        for (const { inconclusive, isOneWorker, strategy } of measured) {
          if (inconclusive !== undefined) {
            expect(said.join(". ")).toContain(inconclusive);
          } else if (strategy.suitability === Suitability.RECOMMENDED && !isOneWorker) {
            expect(said.join(". ")).toContain(`With ${strategy.name} `);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test("uses every checked form", () => {
    const said = fc
      .sample(randomRun, { seed: 1, numRuns: 1_500 })
      .flatMap((run) => sentencesOf(summaryOf(measurementsOf(run), run.usableCores)));
    const unused = sentences.filter(([form]) => !said.some((sentence) => form.test(sentence)));
    expect(unused.map(([form]) => form.source)).toEqual([]);
  });

  test("is empty without measurements", () => {
    expect(summaryOf([], 2)).toBe("");
  });
});

import type { Exercise } from "@unblock/proto/exercises";
import { Suitability } from "@unblock/proto/gen/exercise";
import { costsOf, largeBurstFactor } from "./costs.ts";
import {
  type Costs,
  compare,
  judge,
  type Measurement,
  type Needs,
  type Sample,
  type Subject,
} from "./judge.ts";
import { withRounds } from "./rig.ts";
import type { Sampler } from "./sampler.ts";

/** Undisturbed samples of a strategy that is measured for comparison only: more when they scatter. */
export const comparedRounds = { steady: 2, scattered: 3 };
/** Undisturbed samples, however much they scatter. */
export const maxRounds = { right: 12, compared: 5 };
/** Distance between a ratio and its interval's ends above which more rounds follow. */
const wideInterval = 0.05;
/** Wall time below which further samples cost so little that they are taken after the time is up. */
const shortMs = 200;
const maxAttempts = 3;
/** Wait for other programs to leave the machine alone. */
const maxCalmMs = 3_000;
/** After this many vain waits in a row, no further wait is tried. */
const maxVainWaits = 3;
/** Samples on a machine that is always disturbed, which give figures but no conclusion. */
const disturbedRounds = 2;

export const needs: Needs = { samples: 2, ofSurprise: 6 };

interface RoundsOptions {
  /** Takes a sample at the subject's server. @param calls default: the exercise's burst */
  readonly take: (subject: Subject, round: number, calls?: number) => Promise<Sample>;
  readonly becomeCalm: Sampler["becomeCalm"];
  readonly rounds: number;
  readonly perThreadMb: number | undefined;
  /** Waits for an undisturbed machine so far, in a row and in vain, of all exercises. */
  readonly patience: { vainWaits: number };
  /** Time of `performance.now()` from which the intervals of long bursts may stay wide. */
  readonly narrowUntilMs: number;
  /** Time of `performance.now()` from which disturbed samples are not repeated. */
  readonly repeatUntilMs: number;
  readonly onProgress: (what: string) => void;
}

/** Measures the subjects of one exercise in rounds, forwards and backwards in turn. */
export class Rounds {
  readonly #subjects: readonly Subject[];
  readonly #options: RoundsOptions;
  readonly #samples: ReadonlyMap<Subject, Sample[]>;
  readonly #costs = new Map<Subject, Costs>();

  constructor(subjects: readonly Subject[], options: RoundsOptions) {
    this.#subjects = subjects;
    this.#options = options;
    this.#samples = new Map(subjects.map((subject) => [subject, []]));
  }

  measurements(): Measurement[] {
    return this.#subjects
      .filter((subject) => this.#samplesOf(subject).length > 0)
      .map((subject) => this.#judge(subject));
  }

  async run(): Promise<void> {
    for (let round = 0; ; round++) {
      const wanted = this.#subjects.filter((subject) => this.#wants(subject));
      if (wanted.length === 0) {
        break;
      }
      for (const subject of round % 2 === 0 ? wanted : wanted.toReversed()) {
        await this.#takeRound(subject, round);
      }
    }
    await this.#measureCosts();
  }

  get #isPatienceLost(): boolean {
    return this.#options.patience.vainWaits >= maxVainWaits;
  }

  #samplesOf(subject: Subject): Sample[] {
    return this.#samples.get(subject) ?? [];
  }

  #judge(subject: Subject): Measurement {
    return judge(subject, this.#samplesOf(subject), needs, this.#costs.get(subject));
  }

  #wants(subject: Subject): boolean {
    const samples = this.#samplesOf(subject);
    if (samples.length === 0) {
      return true;
    }
    const { rounds, narrowUntilMs, repeatUntilMs } = this.#options;
    const nowMs = performance.now();
    const calm = samples.filter(({ disturbedBy }) => disturbedBy === undefined).length;
    const isAlwaysDisturbed = calm === 0 && samples.length >= disturbedRounds;
    if (nowMs >= repeatUntilMs || (this.#isPatienceLost && isAlwaysDisturbed)) {
      return false;
    }
    const measurement = this.#judge(subject);
    const isScattered = isWide(measurement);
    const compared = isScattered ? comparedRounds.scattered : comparedRounds.steady;
    if (calm < (isRight(subject) ? rounds : Math.min(rounds, compared))) {
      return true;
    }
    if (measurement.errors > 0) {
      return false;
    }
    if (calm < needs.ofSurprise && (measurement.isSurprising || this.#isSlowerThanOne(subject))) {
      return true;
    }
    if (measurement.inconclusive !== undefined && calm < maxRounds.right) {
      return true;
    }
    const max = isRight(subject) ? maxRounds.right : maxRounds.compared;
    const isInTime = nowMs < narrowUntilMs || measurement.wallMs.median < shortMs;
    return isInTime && isScattered && calm < Math.max(max, rounds);
  }

  /** When several CPU workers take as long as one, both are measured again. */
  #isSlowerThanOne(subject: Subject): boolean {
    const one = this.#subjects.find(({ isOneWorker }) => isOneWorker);
    const several = this.#subjects.find(
      ({ strategy, isOneWorker }) => strategy === one?.strategy && !isOneWorker,
    );
    if (one === undefined || several === undefined || (subject !== one && subject !== several)) {
      return false;
    }
    const gain = compare(this.#judge(one), this.#judge(several));
    return gain !== undefined && (gain.isEqual || gain.times < 1);
  }

  async #takeRound(subject: Subject, round: number): Promise<void> {
    const { take, becomeCalm, patience, repeatUntilMs } = this.#options;
    for (let attempt = 1; ; attempt++) {
      this.#say(subject, `round ${round + 1}`);
      const sample = await take(subject, round);
      this.#samplesOf(subject).push(sample);
      const leftMs = repeatUntilMs - performance.now();
      if (
        sample.disturbedBy === undefined ||
        attempt === maxAttempts ||
        this.#isPatienceLost ||
        leftMs <= 0
      ) {
        return;
      }
      const isCalm = await becomeCalm(Math.min(maxCalmMs, leftMs), (why) =>
        this.#say(subject, `waiting, ${why}`),
      );
      patience.vainWaits = isCalm ? 0 : patience.vainWaits + 1;
    }
  }

  /** Fires ten times the burst. Calls that compute do a tenth of the work, so that it takes as long. */
  async #measureCosts(): Promise<void> {
    const right = this.#subjects.filter(isRight);
    for (const subject of right) {
      let tenTimes: Sample | undefined;
      if (right.length > 1 && !this.#isPatienceLost) {
        this.#say(subject, `${largeBurstFactor} times as many calls`);
        const { exercise } = subject;
        const sample = await this.#options.take(
          { ...subject, exercise: withTenthOfWork(exercise, this.#samplesOf(subject)) },
          0,
          largeBurstFactor * exercise.burst.calls,
        );
        const failed = sample.calls.some(({ code }) => code !== "ok");
        tenTimes = sample.disturbedBy === undefined && !failed ? sample : undefined;
      }
      const { perThreadMb } = this.#options;
      this.#costs.set(subject, costsOf(this.#judge(subject), perThreadMb, tenTimes));
    }
  }

  #say({ exercise, strategy, isOneWorker }: Subject, what: string): void {
    const name = isOneWorker ? "1 worker" : strategy.name;
    this.#options.onProgress(`${exercise.letter} ${name}, ${what}`);
  }
}

function isRight({ strategy, isOneWorker }: Subject): boolean {
  return !isOneWorker && strategy.suitability <= Suitability.WORKS;
}

function isWide({ ratio, ratioInterval, inconclusive }: Measurement): boolean {
  if (inconclusive !== undefined) {
    return true;
  }
  return (
    ratio !== null &&
    ratioInterval !== undefined &&
    (ratioInterval[0] < ratio * (1 - wideInterval) || ratioInterval[1] > ratio * (1 + wideInterval))
  );
}

function withTenthOfWork(exercise: Exercise, [sample]: readonly Sample[]): Exercise {
  const rounds = sample?.calls[0]?.rounds;
  return rounds === undefined
    ? exercise
    : withRounds(exercise, Math.ceil(rounds / largeBurstFactor));
}

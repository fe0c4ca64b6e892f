import { Suitability } from "@unblock/proto/gen/exercise";
import { count, ms, range, times } from "@unblock/terminal/numbers";
import { tradeOff } from "./costs.ts";
import { type Comparison, compare, type Measurement } from "./judge.ts";
import { needs } from "./rounds.ts";

/** Ratio of rounds to even rounds above which idle cores in the last round explain a long wall time. */
const unevenRounds = 1.2;
/** Reasons for or against a strategy in one sentence. */
const maxReasons = 2;

/**
 * Describes the measurements of one exercise in words. Inconclusive ones are listed in the last sentences,
 * with the reason.
 *
 * @param usableCores cores that this process may use
 */
export function summaryOf(measured: readonly Measurement[], usableCores: number): string {
  const several = measured.filter(({ isOneWorker }) => !isOneWorker);
  const conclusive = several.filter(isConclusive);
  const byWall = conclusive.toSorted((a, b) => a.wallMs.median - b.wallMs.median);
  const best = conclusive.find(isRecommended) ?? byWall[0];
  const wrong = byWall.filter((one) => isWrong(one) && one !== best);
  const right = conclusive.filter((one) => one !== best && !isWrong(one));
  const one = measured.find(({ isOneWorker }) => isOneWorker);
  return [
    best === undefined ? "" : describeBest(best, usableCores),
    ...right.map((other) => (best === undefined ? "" : describeRight(other, best))),
    ...describeWrong(wrong, best),
    best === undefined || one === undefined ? "" : describeOne(best, one),
    ...describeInconclusive(measured),
  ]
    .filter((sentence) => sentence !== "")
    .join(" ");
}

function isConclusive({ inconclusive }: Measurement): boolean {
  return inconclusive === undefined;
}

function isRecommended({ strategy }: Measurement): boolean {
  return strategy.suitability === Suitability.RECOMMENDED;
}

function isWrong({ strategy }: Measurement): boolean {
  return strategy.suitability >= Suitability.SLOW;
}

function describeBest(best: Measurement, usableCores: number): string {
  const { exercise, strategy, wallMs, ratio, idealMs } = best;
  const { calls } = exercise.burst;
  const take = calls === 1 ? "the call takes" : `${calls} calls take`;
  const follows = isWrong(best) ? "" : ", and the work follows";
  const ideal = ratio === null ? follows : `, ${times(ratio)} times the ideal of ${ms(idealMs)}`;
  const others = isWrong(best) ? othersOf(best) : "";
  const unexpected =
    isRecommended(best) && best.withinExpected === false
      ? ` That is beyond the ${ms(best.expectedMs[1])} ms that are expected, ${confirmation(best)}${whyBeyond(best, usableCores)}.`
      : "";
  return `With ${strategy.name} ${take} ${ms(wallMs.median)} ms${ideal}${others}.${unexpected}`;
}

function confirmation({ used, ratioInterval }: Measurement): string {
  const interval = ratioInterval === undefined ? "" : ` of ${range(ratioInterval)} times the ideal`;
  return `in ${used.length} undisturbed measurements${interval}`;
}

function whyBeyond({ exercise, cpuWorkers }: Measurement, usableCores: number): string {
  if (!exercise.work.cpu) {
    return "";
  }
  const { calls } = exercise.burst;
  const rounds = Math.ceil(calls / cpuWorkers);
  if (cpuWorkers < usableCores) {
    return `: it had ${count(cpuWorkers, "CPU worker")} for ${Number(usableCores.toFixed(2))} cores`;
  }
  return rounds >= unevenRounds * (calls / usableCores)
    ? `: ${calls} tasks take ${rounds} rounds on ${cpuWorkers} CPU workers, the last of them with idle cores`
    : "";
}

/** Another right strategy: its speed and price, which explain the recommendation. */
function describeRight(other: Measurement, best: Measurement): string {
  const comparison = compare(other, best);
  const faster = compare(best, other);
  if (comparison === undefined || faster === undefined || !isRecommended(best)) {
    return `With ${other.strategy.name} it is ${ms(other.wallMs.median)} ms.`;
  }
  const name = capital(other.strategy.name);
  const { more, less } = tradeOff(other, best);
  const [price = "", gain = ""] = [more, less].map((all) =>
    all.slice(0, maxReasons).join(", and "),
  );
  if (!comparison.isEqual && comparison.times > 1) {
    const but = price ? `, and ${price}` : gain && `, but ${gain}`;
    return `${name} takes ${factor(comparison)} as long${but}.`;
  }
  const speed = comparison.isEqual ? "is equal" : `is ${factor(faster)} as fast`;
  if (price) {
    return `${name} ${speed}, but ${price}: so ${best.strategy.name} is recommended.`;
  }
  return gain || !comparison.isEqual
    ? `${name} ${speed}${gain && `, and ${gain}`}: it is the better choice here.`
    : `${name} ${speed}, and nothing measured here speaks against it.`;
}

/** Wrong strategies within the expected range first, then the slowest one. */
function describeWrong(
  fastestFirst: readonly Measurement[],
  best: Measurement | undefined,
): readonly string[] {
  const within = fastestFirst.filter(({ withinExpected }) => withinExpected === true);
  const slowest = fastestFirst.at(-1);
  const findings = within.map(
    (one) =>
      `On this machine ${one.strategy.name} stays within the ${ms(one.expectedMs[1])} ms that are expected, ${confirmation(one)}${othersOf(one)}.`,
  );
  if (slowest === undefined || within.includes(slowest)) {
    return findings;
  }
  const comparison = best && compare(slowest, best);
  const isLonger = comparison !== undefined && !comparison.isEqual && comparison.times > 1;
  const longer = isLonger ? `, ${factor(comparison)} as long` : "";
  const sentence = `With ${slowest.strategy.name} it is ${ms(slowest.wallMs.median)} ms${longer}${othersOf(slowest)}.`;
  return [...findings, sentence];
}

function othersOf({ probeP99Ms }: Measurement): string {
  return `; other calls meanwhile wait ${ms(probeP99Ms)} ms (p99)`;
}

function describeOne(best: Measurement, one: Measurement): string {
  const comparison = compare(one, best);
  const slower = compare(best, one);
  if (!isConclusive(one) || best.strategy !== one.strategy || !comparison || !slower) {
    return "";
  }
  const workers = best.cpuWorkers;
  if (comparison.isEqual) {
    return `Between one CPU worker and ${workers} no difference was seen.`;
  }
  if (comparison.times > 1) {
    return `One CPU worker takes ${ms(one.wallMs.median)} ms: ${workers} are ${factor(comparison)} as fast.`;
  }
  return comparison.rounds < needs.ofSurprise
    ? ""
    : `On this machine one CPU worker is ${factor(slower)} as fast as ${workers}, in ${comparison.rounds} undisturbed rounds.`;
}

function describeInconclusive(measured: readonly Measurement[]): readonly string[] {
  const byReason = Map.groupBy(
    measured.filter((one) => !isConclusive(one)),
    ({ inconclusive = "" }) => inconclusive,
  );
  return [...byReason].map(([reason, all]) => {
    const names = all.map(({ strategy, isOneWorker }) =>
      isOneWorker ? "one CPU worker" : strategy.name,
    );
    return `Nothing is concluded about ${names.join(" and ")}: ${reason}.`;
  });
}

function factor({ times: value, interval }: Comparison): string {
  return `${times(value)} times${interval === undefined ? "" : ` (${range(interval)})`}`;
}

function capital(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

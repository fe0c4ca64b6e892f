import type { LabMeasurement } from "@unblock/progress/progress";
import { type Exercise, isRight, strategyMeanings } from "@unblock/proto/exercises";
import { count, ms as inMs } from "@unblock/terminal/numbers";
import type { Random } from "../quiz/question.ts";
import type { Asked, Choice } from "../quiz/session.ts";
import { burstTime, cpuMs, type Figures } from "./burst-time.ts";

const maxChoices = 4;
/** Minimum ratio of two measured times that makes the slower strategy recognizable. */
const minRatio = 2;

const meanings: Readonly<Record<string, string>> = {
  ...strategyMeanings,
  // Without the usual number of threads, which the figures replace.
  "blocking-pool": "a pool of worker threads, made for waiting",
};

type Question = Omit<Asked, "title">;
type Kind = (exercise: Exercise, random: Random) => Question;

/**
 * Creates a question about an exercise with other figures. Its times follow from the schema's figures by
 * arithmetic, or were measured by the lab on this machine.
 *
 * @param asked how often it was asked before; each time another kind of question follows
 */
export function variantOf(
  exercise: Exercise,
  random: Random,
  asked: number,
  measured: LabMeasurement | undefined,
): Asked {
  const kinds: Kind[] = exercise.work.afterResponse
    ? [lastEvent, replyTime]
    : exercise.strategies.some(({ name }) => name === "parallel")
      ? [severalServices, severalRounds]
      : [howLong, which];
  const fromLab = measured && whichWasMeasured(exercise, measured);
  const all = fromLab === undefined ? kinds : [...kinds, () => fromLab];
  const make = all[asked % all.length] ?? howLong;
  return { title: exercise.title, ...make(exercise, random) };
}

function howLong(exercise: Exercise, random: Random): Question {
  const figures = figuresFor(exercise, random);
  const timed = timedStrategies(exercise, figures);
  const [asked] = shuffled(timed, random);
  if (asked === undefined) {
    throw new Error(`Expected exercise ${exercise.letter} to have a strategy with a known time`);
  }
  const { name, ms, formula } = asked;
  const wrong = timed.map((one): Time => [one.ms, `That would be ${one.name}: ${one.formula}.`]);
  const near = [ms * 2, Math.round(ms / 2), ms * 3].map((one): Time => [one, ""]);
  return {
    question: `${describe(exercise, figures)} The calls run as ${name} (${meanings[name]}). When does the last caller have its response, at the earliest?`,
    choices: timeChoices([ms, `${formula}.`], [...wrong, ...near], random),
  };
}

/** Asks which strategy meets a time limit without freezing anyone. */
function which(exercise: Exercise, random: Random): Question {
  const figures = figuresFor(exercise, random);
  const timed = timedStrategies(exercise, figures);
  const rightMs = timed.filter(({ name }) => isRight(exercise, name)).map(({ ms }) => ms);
  const limitMs = Math.round(1.5 * Math.min(...rightMs));
  const inTime = timed.filter(({ name, ms }) => isRight(exercise, name) && ms <= limitMs);
  // What works is recommended when the exercise's recommended strategy is too slow with these figures.
  const hasBest = inTime.some(({ name }) => name === exercise.recommended);
  return {
    question: `${describe(exercise, figures)} Everyone should have a response within ${limitMs} ms, and nobody else should be slowed down. Which strategy does it here?`,
    choices: byText(
      timed.map((one) => ({
        text: one.name,
        quality: !inTime.includes(one)
          ? "wrong"
          : hasBest && one.name !== exercise.recommended
            ? "works"
            : "recommended",
        reason: `${one.formula}. In the exercise: ${one.reason}`,
      })),
    ),
  };
}

/** Asks which strategy was the slowest in the lab. @returns undefined when the times are too close */
function whichWasMeasured(
  exercise: Exercise,
  { calls, wallMs }: LabMeasurement,
): Question | undefined {
  const known = exercise.strategies.flatMap(({ name, reason }) => {
    const ms = wallMs[name];
    return ms === undefined ? [] : [{ name, reason, ms }];
  });
  const [slowest, next] = known.toSorted((a, b) => b.ms - a.ms);
  if (slowest === undefined || next === undefined || slowest.ms < minRatio * next.ms) {
    return undefined;
  }
  return {
    question: `On this machine the lab measured a burst of ${count(calls)} with ${known.length} strategies. The slowest took ${inMs(slowest.ms)} ms, the next one ${inMs(next.ms)} ms. Which one was the slowest?`,
    choices: byText(
      known.map(({ name, reason, ms }) =>
        choice(name, name === slowest.name, `${name} took ${inMs(ms)} ms here. ${reason}`),
      ),
    ),
  };
}

/** For G: asks when the last event of a burst arrives. */
function lastEvent({ work: { waitMs } }: Exercise, random: Random): Question {
  const atOnce = 64;
  const events = atOnce * random(2, 5) + random(1, atOnce - 1);
  const rounds = Math.ceil(events / atOnce);
  const ms = rounds * waitMs;
  const wrong: Time[] = [
    [waitMs, `That would be all ${events} at once; the background runs at most ${atOnce}.`],
    [events * waitMs, "That would be one after another."],
    [ms - waitMs, `${rounds - 1} rounds send ${(rounds - 1) * atOnce} events only.`],
  ];
  return {
    question: `${events} events come in at the same moment. Each gets its response at once and is sent in the background, ${atOnce} at a time; analytics takes ${waitMs} ms for each. When has the last event arrived, at the earliest?`,
    choices: timeChoices([ms, `⌈${events} / ${atOnce}⌉ × ${waitMs} ms = ${ms} ms.`], wrong, random),
  };
}

/** For G: asks whether the caller has to wait for the event. */
function replyTime(_: Exercise, random: Random): Question {
  const analyticsMs = 50 * random(3, 40);
  const mustKnow = random(0, 1) === 0;
  const caller = mustKnow
    ? "The caller books a payment with this event and must know that it was accepted before it continues."
    : "The caller shows a page, and does not need the response of analytics.";
  const later = `The response leaves before the ${analyticsMs} ms, and says nothing about analytics.`;
  return {
    question: `Analytics takes ${analyticsMs} ms today. ${caller} Which strategy does it need?`,
    choices: [
      choice("await", mustKnow, `The caller waits ${analyticsMs} ms and then knows.`),
      choice("background", !mustKnow, later),
    ],
  };
}

/** For H: asks about services that take different times. */
function severalServices(_: Exercise, random: Random): Question {
  const delays = Array.from({ length: random(3, 7) }, () => 10 * random(3, 30));
  const [sum, max] = [delays.reduce((a, b) => a + b, 0), Math.max(...delays)];
  const mean = Math.round(sum / delays.length);
  const wrong: Time[] = [
    [sum, `That would be sequential: their sum, ${sum} ms.`],
    [mean, "The mean does not matter: the caller waits for the slowest."],
    [Math.min(...delays), "By then only the fastest has responded."],
  ];
  return {
    question: `A dashboard asks ${delays.length} services that do not need each other. They take ${delays.join(", ")} ms, and run as parallel (${strategyMeanings.parallel}). When is the dashboard complete, at the earliest?`,
    choices: timeChoices([max, `The slowest decides: ${max} ms.`], wrong, random),
  };
}

/** For H: asks about services that need the response of another. */
function severalRounds(_: Exercise, random: Random): Question {
  const services = random(4, 8);
  const [firstMs, othersMs] = [10 * random(3, 12), 10 * random(13, 30)];
  const inTurnMs = firstMs + (services - 1) * othersMs;
  const why = `${firstMs} ms for the number, then the others together: ${othersMs} ms.`;
  const wrong: Time[] = [
    [othersMs, "The others can't begin before they have the number."],
    [inTurnMs, "That would be one after another; only the first must come first."],
    [services * othersMs, "That is more than one after another takes."],
  ];
  return {
    question: `A dashboard asks ${services} services. The first, which takes ${firstMs} ms, gives the account number that the other ${services - 1} need; those take ${othersMs} ms each and do not need each other. When is the dashboard complete, at the earliest?`,
    choices: timeChoices([firstMs + othersMs, why], wrong, random),
  };
}

function figuresFor({ burst }: Exercise, random: Random): Figures {
  return {
    calls: random(Math.max(3, Math.floor(burst.calls / 2)), burst.calls * 4),
    threads: 4 * random(2, 8),
    libuvThreads: random(1, 3) === 1 ? 4 : 4 * random(2, 6),
    cores: 2 ** random(1, 4),
  };
}

/** The strategies whose times follow from the figures. */
function timedStrategies(exercise: Exercise, figures: Figures) {
  return exercise.strategies.flatMap(({ name, reason }) => {
    const time = burstTime(exercise, name, figures);
    return time === undefined ? [] : [{ name, reason, ...time }];
  });
}

function describe({ work, rpc, strategies }: Exercise, figures: Figures): string {
  const { calls, threads, libuvThreads, cores } = figures;
  const has = (name: string) => strategies.some((one) => one.name === name);
  const cost = [work.waitMs > 0 && `waits ${work.waitMs} ms`, work.cpu && `computes ${cpuMs} ms`];
  const machine = [
    work.cpu && `${cores} cores`,
    !work.cpu && has("blocking-pool") && `${threads} threads in the pool for blocking calls`,
    has("libuv") && `${libuvThreads} threads in libuv's pool`,
  ];
  return `${calls} callers call ${rpc} at the same moment; each call ${cost.filter(Boolean).join(", then ")}. The service has ${machine.filter(Boolean).join(" and ")}.`;
}

/** A time, and why it is right or wrong; "" when it is only close. */
type Time = readonly [ms: number, why: string];

/** Returns the right time among different wrong ones, in ascending order. */
function timeChoices(right: Time, wrong: readonly Time[], random: Random): Choice[] {
  // Results of a likely misconception teach more than times that are only close.
  const likeliest = shuffled(wrong, random).sort(
    ([, a], [, b]) => Number(a === "") - Number(b === ""),
  );
  const times = new Map<number, string>([right]);
  for (const [ms, why] of likeliest) {
    if (ms > 0 && times.size < maxChoices && !times.has(ms)) {
      times.set(ms, why);
    }
  }
  return [...times]
    .sort(([a], [b]) => a - b)
    .map(([ms, reason]) => choice(`${ms} ms`, ms === right[0], reason));
}

function choice(text: string, isRight: boolean, reason: string): Choice {
  return { text, quality: isRight ? "recommended" : "wrong", reason };
}

function byText(choices: readonly Choice[]): Choice[] {
  return choices.toSorted((a, b) => (a.text < b.text ? -1 : 1));
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  return items
    .map((item) => ({ item, order: random(0, 1_000_000) }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
}

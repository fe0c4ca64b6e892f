import type { LabMeasurement } from "@unblock/progress/progress";
import { strategyMeanings } from "@unblock/proto/executors";
import { type Exercise, isRight } from "@unblock/proto/exercises";
import type { Random } from "../quiz/question.ts";
import type { Asked, Choice } from "../quiz/session.ts";
import { burstTime, cpuMs, type Figures } from "./burst-time.ts";

const maxChoices = 4;
/** Minimum ratio of two measured times that makes the slower strategy recognizable. */
const minRatio = 2;

/**
 * Creates a question about an exercise with other figures. Its times follow from the schema's
 * figures by arithmetic, or were measured by the lab on this machine.
 *
 * @param asked how often it was asked before; each time another kind of question follows
 */
export function variantOf(
  exercise: Exercise,
  random: Random,
  asked: number,
  measured: LabMeasurement | undefined,
): Asked {
  const kinds = kindsFor(exercise, measured);
  const make = kinds[asked % kinds.length];
  if (make === undefined) {
    throw new Error(`Expected exercise ${exercise.letter} to have a kind of question`);
  }
  return make(exercise, random);
}

type Kind = (exercise: Exercise, random: Random) => Asked;

function kindsFor(exercise: Exercise, measured: LabMeasurement | undefined): Kind[] {
  const own = exercise.work.afterResponse
    ? [lastEvent, replyTime]
    : exercise.strategies.some(({ name }) => name === "parallel")
      ? [severalServices, severalRounds]
      : [howLong, which];
  const fromLab = measured === undefined ? undefined : whichWasMeasured(exercise, measured);
  return fromLab === undefined ? own : [...own, fromLab];
}

/** Asks how long a burst takes with one of the strategies. */
function howLong(exercise: Exercise, random: Random): Asked {
  const figures = figuresFor(exercise, random);
  const timed = exercise.strategies.flatMap(({ name }) => {
    const time = burstTime(exercise, name, figures);
    return time === undefined ? [] : [{ name, ...time }];
  });
  const asked = shuffled(timed, random)[0];
  if (asked === undefined) {
    throw new Error(`Expected exercise ${exercise.letter} to have a strategy with a known time`);
  }
  const wrong = timed
    .filter(({ ms }) => ms !== asked.ms)
    .map(({ ms, name, formula }) => ({ ms, why: `That would be ${name}: ${formula}.` }));
  const near = [asked.ms * 2, Math.round(asked.ms / 2), asked.ms * 3].map((ms) => ({
    ms,
    why: "",
  }));
  return {
    title: exercise.title,
    question: `${describe(exercise, figures)} The calls run as ${asked.name} (${meaningOf(asked.name)}). When does the last caller have its response, at the earliest?`,
    choices: timeChoices({ ms: asked.ms, why: `${asked.formula}.` }, [...wrong, ...near], random),
  };
}

/** Asks which strategy meets a time limit without freezing anyone. */
function which(exercise: Exercise, random: Random): Asked {
  const figures = figuresFor(exercise, random);
  const timed = exercise.strategies.flatMap(({ name, reason }) => {
    const time = burstTime(exercise, name, figures);
    return time === undefined ? [] : [{ name, reason, ...time }];
  });
  const rightOnes = timed.filter(({ name }) => isRight(exercise, name));
  const limitMs = Math.round(1.5 * Math.min(...rightOnes.map(({ ms }) => ms)));
  const choices = timed
    .map(({ name, reason, ms, formula }): Choice => {
      const isInTime = isRight(exercise, name) && ms <= limitMs;
      const right = name === exercise.recommended ? "recommended" : "works";
      return {
        text: name,
        quality: isInTime ? right : "wrong",
        reason: `${formula}. In the exercise: ${reason}`,
      };
    })
    .sort((a, b) => (a.text < b.text ? -1 : 1));
  return {
    title: exercise.title,
    question: `${describe(exercise, figures)} Everyone should have a response within ${limitMs} ms, and nobody else should be slowed down. Which strategy does it here?`,
    choices: withBest(choices),
  };
}

/** Asks which strategy was the slowest in the lab. */
function whichWasMeasured(exercise: Exercise, { calls, wallMs }: LabMeasurement): Kind | undefined {
  const known = exercise.strategies.flatMap(({ name, reason }) => {
    const ms = wallMs[name];
    return ms === undefined ? [] : [{ name, reason, ms }];
  });
  const [slowest, next] = known.toSorted((a, b) => b.ms - a.ms);
  if (slowest === undefined || next === undefined || slowest.ms < minRatio * next.ms) {
    return undefined;
  }
  return () => ({
    title: exercise.title,
    question: `On this machine the lab measured a burst of ${calls} ${calls === 1 ? "call" : "calls"} with ${known.length} strategies. The slowest took ${inMs(slowest.ms)}, the next one ${inMs(next.ms)}. Which one was the slowest?`,
    choices: known
      .map(
        ({ name, reason, ms }): Choice => ({
          text: name,
          quality: name === slowest.name ? "recommended" : "wrong",
          reason: `${name} took ${inMs(ms)} here. ${reason}`,
        }),
      )
      .sort((a, b) => (a.text < b.text ? -1 : 1)),
  });
}

/** For G: asks when the last event of a burst arrives. */
function lastEvent(exercise: Exercise, random: Random): Asked {
  const { waitMs } = exercise.work;
  const atOnce = 64;
  const events = atOnce * random(2, 5) + random(1, atOnce - 1);
  const rounds = Math.ceil(events / atOnce);
  const ms = rounds * waitMs;
  return {
    title: exercise.title,
    question: `${events} events come in at the same moment. Each gets its response at once and is sent in the background, ${atOnce} at a time; analytics takes ${waitMs} ms for each. When has the last event arrived, at the earliest?`,
    choices: timeChoices(
      { ms, why: `⌈${events} / ${atOnce}⌉ × ${waitMs} ms = ${ms} ms.` },
      [
        {
          ms: waitMs,
          why: `That would be all ${events} at once; the background runs at most ${atOnce}.`,
        },
        { ms: events * waitMs, why: "That would be one after another." },
        {
          ms: (rounds - 1) * waitMs,
          why: `${rounds - 1} rounds send ${(rounds - 1) * atOnce} events only.`,
        },
      ],
      random,
    ),
  };
}

/** For G: asks whether the caller has to wait for the event. */
function replyTime({ title }: Exercise, random: Random): Asked {
  const analyticsMs = 50 * random(3, 40);
  const mustKnow = random(0, 1) === 0;
  return {
    title,
    question: mustKnow
      ? `Analytics takes ${analyticsMs} ms today. The caller books a payment with this event and must know that it was accepted before it continues. Which strategy does it need?`
      : `Analytics takes ${analyticsMs} ms today. The caller shows a page, and does not need the response of analytics. Which strategy does it need?`,
    choices: ["await", "background"].map((text) => ({
      text,
      quality: text === (mustKnow ? "await" : "background") ? "recommended" : "wrong",
      reason:
        text === "await"
          ? `The caller waits ${analyticsMs} ms and then knows.`
          : `The response leaves before the ${analyticsMs} ms, and says nothing about analytics.`,
    })),
  };
}

/** For H: asks about services that take different times. */
function severalServices(exercise: Exercise, random: Random): Asked {
  const delays = Array.from({ length: random(3, 7) }, () => 10 * random(3, 30));
  const [sum, max] = [delays.reduce((a, b) => a + b, 0), Math.max(...delays)];
  return {
    title: exercise.title,
    question: `A dashboard asks ${delays.length} services that do not need each other. They take ${delays.join(", ")} ms, and run as parallel (${meaningOf("parallel")}). When is the dashboard complete, at the earliest?`,
    choices: timeChoices(
      { ms: max, why: `The slowest decides: ${max} ms.` },
      [
        { ms: sum, why: `That would be sequential: their sum, ${sum} ms.` },
        {
          ms: Math.round(sum / delays.length),
          why: "The mean does not matter: the caller waits for the slowest.",
        },
        { ms: Math.min(...delays), why: "By then only the fastest has responded." },
      ],
      random,
    ),
  };
}

/** For H: asks about services that need the response of another. */
function severalRounds(exercise: Exercise, random: Random): Asked {
  const services = random(4, 8);
  const [firstMs, othersMs] = [10 * random(3, 12), 10 * random(13, 30)];
  const ms = firstMs + othersMs;
  return {
    title: exercise.title,
    question: `A dashboard asks ${services} services. The first, which takes ${firstMs} ms, gives the account number that the other ${services - 1} need; those take ${othersMs} ms each and do not need each other. When is the dashboard complete, at the earliest?`,
    choices: timeChoices(
      { ms, why: `${firstMs} ms for the number, then the others together: ${othersMs} ms.` },
      [
        { ms: othersMs, why: "The others can't begin before they have the number." },
        {
          ms: firstMs + (services - 1) * othersMs,
          why: "That would be one after another; only the first must come first.",
        },
        { ms: services * othersMs, why: "That is more than one after another takes." },
      ],
      random,
    ),
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

function describe(exercise: Exercise, figures: Figures): string {
  const { work, rpc, strategies } = exercise;
  const { calls, threads, libuvThreads, cores } = figures;
  const has = (name: string) => strategies.some((one) => one.name === name);
  const cost = [
    work.waitMs > 0 ? `waits ${work.waitMs} ms` : "",
    work.cpu ? `computes ${cpuMs} ms` : "",
  ].filter((part) => part !== "");
  const machine = [
    work.cpu ? `${cores} cores` : "",
    !work.cpu && has("blocking-pool") ? `${threads} threads in the pool for blocking calls` : "",
    has("libuv") ? `${libuvThreads} threads in libuv's pool` : "",
  ].filter((part) => part !== "");
  return `${calls} callers call ${rpc} at the same moment; each call ${cost.join(", then ")}. The service has ${machine.join(" and ")}.`;
}

interface Time {
  readonly ms: number;
  readonly why: string;
}

/** Returns the right time among different wrong ones, in ascending order. */
function timeChoices(right: Time, wrong: readonly Time[], random: Random): Choice[] {
  const others: Time[] = [];
  // Results of a likely misconception teach more than times that are only close.
  const likely = wrong.filter(({ why }) => why !== "");
  const close = wrong.filter(({ why }) => why === "");
  for (const one of [...shuffled(likely, random), ...shuffled(close, random)]) {
    if (one.ms > 0 && one.ms !== right.ms && others.every(({ ms }) => ms !== one.ms)) {
      others.push(one);
    }
  }
  return [
    { ...right, quality: "recommended" as const },
    ...others.slice(0, maxChoices - 1).map((one) => ({ ...one, quality: "wrong" as const })),
  ]
    .sort((a, b) => a.ms - b.ms)
    .map(({ ms, why, quality }) => ({ text: `${ms} ms`, quality, reason: why }));
}

/**
 * Recommends what works when the exercise's recommended strategy is too slow with these figures.
 */
function withBest(choices: readonly Choice[]): Choice[] {
  const hasBest = choices.some(({ quality }) => quality === "recommended");
  return choices.map((choice) =>
    !hasBest && choice.quality === "works" ? { ...choice, quality: "recommended" } : choice,
  );
}

function meaningOf(strategy: string): string {
  const known: Readonly<Record<string, string>> = {
    ...strategyMeanings,
    // Without the usual number of threads, which the figures replace.
    "blocking-pool": "a pool of worker threads, made for waiting",
  };
  return known[strategy] ?? strategy;
}

function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  return items
    .map((item) => ({ item, order: random(0, 1_000_000) }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
}

function inMs(ms: number): string {
  return `${ms < 10 ? ms.toFixed(1) : ms.toFixed(0)} ms`;
}

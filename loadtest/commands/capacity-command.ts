import { Command } from "commander";
import { duration, wholeNumber } from "../../cli/arguments.ts";
import { fail } from "../../cli/fail.ts";
import { checkSlo, figuresOf, parseSlo, type Slo } from "../report/slo.ts";
import type { OpenLoop } from "../run/plan.ts";
import { type LoadResult, runLoad } from "../run/run.ts";
import { addCallOptions, type CallFlags, highestRate } from "./options.ts";
import { prepareLoad, untilInterrupted } from "./prepare.ts";

const example = `
Each rate is an open loop of --duration. A rate holds when every --slo holds, and calls were answered
as fast as they came. Exit codes: 0 found, 1 it could not run, 2 no rate holds, 3 this client could
not make more load: the server's capacity is at least what is said.

Examples:
  npm run loadtest -- capacity GetCache --slo 'p99<50ms'
  npm run -s loadtest -- capacity GetUser --slo 'p95<80ms' --slo 'errors<1%' --duration 10s --json`;

interface Flags extends CallFlags {
  readonly slo: readonly Slo[];
  readonly duration: number;
  readonly startRate: number;
  readonly maxRate: number;
  readonly json?: boolean;
}

const defaultDurationMs = 5_000;
const defaultStartRate = 100;
/** The answer is as exact as this, as a part of it. */
const precision = 0.05;
/** A server that is behind by this part of the time is not keeping up; chance alone can be 100 ms. */
const mostBehind = 0.05;
const leastBehindMs = 100;

/** Finds the highest rate at which a server keeps what it promises. */
export function createCapacityCommand(): Command {
  const command = new Command("capacity")
    .description("Finds the highest rate of calls at which all thresholds hold.")
    .argument("<rpc>", "such as GetUser, or package.Service/Method of another server");
  addCallOptions(command);
  return command
    .optionsGroup("What is looked for:")
    .requiredOption("--slo <threshold>", 'such as "p99<50ms"; may be repeated', collectSlo)
    .option("--duration <time>", "how long each rate is tried", duration, defaultDurationMs)
    .option(
      "--start-rate <n>",
      "the first rate, in calls a second",
      wholeNumber(1, highestRate),
      defaultStartRate,
    )
    .option("--max-rate <n>", "the highest rate to try", wholeNumber(1, highestRate), highestRate)
    .option("--json", "the result as JSON, and nothing else")
    .addHelpText("after", example)
    .action(async (rpc: string, flags: Flags) => {
      process.exitCode = await search(rpc, flags).catch(fail);
    });
}

async function search(rpc: string, flags: Flags): Promise<number> {
  const signal = untilInterrupted();
  const prepared = await prepareLoad(rpc, flags);
  const say = (text: string) => process.stderr.write(`${text}\n`);
  let interrupted = false;
  let tries = 0;
  try {
    const capacity = await findCapacity({
      startRate: flags.startRate,
      maxRate: flags.maxRate,
      precision,
      probe: async (rate) => {
        const stage = { fromRate: rate, toRate: rate, durationMs: flags.duration };
        const loop: OpenLoop = { kind: "open", stages: [stage], arrivals: "constant" };
        const plan = prepared.plan(loop);
        tries++;
        // No rate is tried with requests that the server has seen.
        const result = await runLoad({ ...plan, seed: `${plan.seed} ${tries}` }, { signal });
        if (signal.aborted) {
          interrupted = true;
          throw new Error("interrupted before the capacity was found");
        }
        const { outcome, why } = judgeRate(result, flags);
        say(`${String(rate).padStart(8)}/s  ${outcome}${why === "" ? "" : `: ${why}`}`);
        return outcome;
      },
    });
    process.stdout.write(flags.json ? `${JSON.stringify(toJson(capacity))}\n` : toText(capacity));
    if (capacity.limitedBy === "client") {
      return 3;
    }
    return capacity.rate === 0 ? 2 : 0;
  } catch (error) {
    if (interrupted) {
      say("interrupted: no capacity found");
      return 1;
    }
    throw error;
  } finally {
    await prepared.close();
  }
}

function judgeRate(
  result: LoadResult,
  { slo, duration: durationMs }: Flags,
): { outcome: Outcome; why: string } {
  const { latency, wallMs, verdict } = result;
  if (verdict.client_limited) {
    return { outcome: "client-limited", why: verdict.reasons.join("; ") };
  }
  const figures = figuresOf(result);
  const missed = slo
    .map((one) => checkSlo(one, figures))
    .filter(({ held }) => !held)
    .map((one) => `${one.slo} was ${Number(one.measured.toPrecision(3))}`);
  // What is still in progress at the end of a load that is kept up with ends a usual latency later.
  const behindMs = wallMs - durationMs - latency.percentile(50);
  if (behindMs > Math.max(leastBehindMs, durationMs * mostBehind)) {
    missed.push(`the last answer came ${behindMs.toFixed(0)} ms late: it falls behind`);
  }
  return missed.length > 0
    ? { outcome: "missed", why: missed.join("; ") }
    : { outcome: "held", why: "" };
}

function toJson({ rate, limitedBy, steps }: Capacity) {
  return { capacity_per_second: rate, limited_by: limitedBy, steps };
}

function toText({ rate, limitedBy }: Capacity): string {
  if (rate === 0) {
    return "No rate holds: even the lowest that was tried missed.\n";
  }
  const why = {
    slo: "more misses a threshold",
    client: "at least: this client can't make more load; try --threads",
    "max-rate": "the highest that was tried",
  };
  return `${rate} calls a second (${why[limitedBy]})\n`;
}

function collectSlo(value: string, previous: readonly Slo[] = []): Slo[] {
  return [...previous, parseSlo(value)];
}

/** What came of a load at one rate. */
export interface Step {
  /** Calls per second, as it was asked for. */
  readonly rate: number;
  readonly outcome: Outcome;
}

/** "client-limited": this client could not make the load, so it says nothing about the server. */
export type Outcome = "held" | "missed" | "client-limited";

export interface Capacity {
  /** The highest rate that held; 0 when none did. */
  readonly rate: number;
  /** What is above it: a rate that missed, a client that could not make more, or the highest allowed. */
  readonly limitedBy: "slo" | "client" | "max-rate";
  readonly steps: readonly Step[];
}

export interface SearchOptions {
  /** The first rate, in calls per second. */
  readonly startRate: number;
  /** No rate above is tried. */
  readonly maxRate: number;
  /** The search ends when what held and what did not are this near, as a part of the rate. */
  readonly precision: number;
  readonly probe: (rate: number) => Promise<Outcome>;
}

/** A rate counts as too high only when it missed twice: one pause must not decide. */
const tries = 2;

/**
 * Finds the highest rate that holds: doubles until one does not (or halves until one does), then
 * halves the distance.
 */
export async function findCapacity(options: SearchOptions): Promise<Capacity> {
  const { startRate, maxRate, precision, probe } = options;
  const steps: Step[] = [];
  const outcomeAt = async (rate: number): Promise<Outcome> => {
    let outcome: Outcome = "missed";
    for (let attempt = 0; attempt < tries && outcome !== "held"; attempt++) {
      outcome = await probe(rate);
      steps.push({ rate, outcome });
    }
    return outcome;
  };

  let held = 0;
  let tooHigh = Number.POSITIVE_INFINITY;
  let above: Outcome = "held";
  let rate = Math.min(startRate, maxRate);
  while (tooHigh - held > Math.max(1, held) * precision) {
    const outcome = await outcomeAt(rate);
    if (outcome === "held") {
      held = rate;
      if (rate === maxRate) {
        return { rate, limitedBy: "max-rate", steps };
      }
    } else {
      tooHigh = rate;
      above = outcome;
    }
    rate = nextRate(held, tooHigh, maxRate);
    if (rate < 1) {
      break;
    }
  }
  return { rate: held, limitedBy: above === "client-limited" ? "client" : "slo", steps };
}

function nextRate(held: number, tooHigh: number, maxRate: number): number {
  if (tooHigh === Number.POSITIVE_INFINITY) {
    return Math.min(held * 2, maxRate);
  }
  return round(held === 0 ? tooHigh / 2 : (held + tooHigh) / 2);
}

/** Rates that a person can read. */
function round(rate: number): number {
  return rate >= 100 ? Math.round(rate) : Math.round(rate * 10) / 10;
}

import { wholeNumber } from "@unblock/terminal/arguments";
import { fail } from "@unblock/terminal/process";
import { Command } from "commander";
import { threeDigits } from "../report/format.ts";
import { checkSlo, figuresOf, parseSlo, type Slo } from "../report/slo.ts";
import { type LoadResult, runLoad } from "../run/run.ts";
import { addCallOptions, type CallFlags, collectAs, durationOption, maxRate } from "./options.ts";
import { prepareLoad, untilInterrupted } from "./prepare.ts";

const example = `
Each rate runs as an open loop for --duration. A rate holds if every --slo holds and the server keeps
up with the calls. Exit codes: 0 found, 1 could not run, 2 no rate holds, 3 the client could not send
more: the server's capacity is at least the printed rate.

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

const defaultStartRate = 100;
/** Distance between the highest rate that held and the lowest that did not, relative to the rate. */
const precision = 0.05;
/** Delay of the last response, relative to the duration, above which a server does not keep up. */
const maxBehindShare = 0.05;
/** Delays up to this happen by chance. */
const minBehindMs = 100;

export function createCapacityCommand(): Command {
  const command = new Command("capacity")
    .description("Finds the highest rate of calls at which all thresholds hold.")
    .argument("<rpc>", "such as GetUser, or package.Service/Method of another server");
  const aRate = wholeNumber(1, maxRate);
  return addCallOptions(command)
    .optionsGroup("Search:")
    .requiredOption("--slo <threshold>", 'such as "p99<50ms"; may be repeated', collectAs(parseSlo))
    .addOption(durationOption("--duration <time>", "duration of each rate", "5s"))
    .option("--start-rate <n>", "first rate, in calls per second", aRate, defaultStartRate)
    .option("--max-rate <n>", "highest rate to try", aRate, maxRate)
    .option("--json", "print only the result, as JSON")
    .addHelpText("after", example)
    .action(async (rpc: string, flags: Flags) => {
      process.exitCode = await search(rpc, flags).catch(fail);
    });
}

async function search(rpc: string, flags: Flags): Promise<number> {
  const signal = untilInterrupted();
  const prepared = await prepareLoad(rpc, flags);
  let attempts = 0;
  const tryRate = async (rate: number): Promise<Outcome> => {
    const stage = { fromRate: rate, toRate: rate, durationMs: flags.duration };
    const plan = prepared.plan({ kind: "open", stages: [stage], arrivals: "constant" });
    attempts++;
    // Another seed for each attempt: the requests must be new to the server.
    const result = await runLoad({ ...plan, seed: `${plan.seed} ${attempts}` }, { signal });
    signal.throwIfAborted();
    const { outcome, reasons } = judgeRate(result, flags);
    const why = reasons.length === 0 ? "" : `: ${reasons.join("; ")}`;
    process.stderr.write(`${String(rate).padStart(8)}/s  ${outcome}${why}\n`);
    return outcome;
  };
  try {
    const capacity = await findCapacity(flags, tryRate);
    const { rate, limitedBy, steps } = capacity;
    const json = { capacity_per_second: rate, limited_by: limitedBy, steps };
    process.stdout.write(flags.json ? `${JSON.stringify(json)}\n` : toText(capacity));
    if (limitedBy === "client") {
      return 3;
    }
    return rate === 0 ? 2 : 0;
  } catch (error) {
    throw signal.aborted ? new Error("Interrupted before the capacity was found") : error;
  } finally {
    await prepared.close();
  }
}

function judgeRate(
  result: LoadResult,
  { slo, duration: durationMs }: Flags,
): { outcome: Outcome; reasons: readonly string[] } {
  const { latency, wallMs, verdict } = result;
  if (verdict.client_limited) {
    return { outcome: "client-limited", reasons: verdict.reasons };
  }
  const figures = figuresOf(result);
  const missed = slo
    .map((one) => checkSlo(one, figures))
    .filter(({ held }) => !held)
    .map((one) => `${one.slo} was ${threeDigits(one.measured)}`);
  // If the server keeps up, calls in progress at the end take a usual latency.
  const behindMs = wallMs - durationMs - latency.percentile(50);
  if (behindMs > Math.max(minBehindMs, durationMs * maxBehindShare)) {
    missed.push(`the last response came ${behindMs.toFixed(0)} ms late: the server falls behind`);
  }
  return { outcome: missed.length > 0 ? "missed" : "held", reasons: missed };
}

function toText({ rate, limitedBy }: Capacity): string {
  const why = {
    slo: "higher rates miss a threshold",
    client: "at least: the client can't send more; try --threads",
    "max-rate": "the highest rate tried",
  };
  return rate === 0
    ? "No rate holds, not even the lowest one tried.\n"
    : `${rate} calls per second (${why[limitedBy]})\n`;
}

/**
 * Outcome of a load at one rate. "client-limited": the client could not send the load, so it says nothing
 * about the server.
 */
export type Outcome = "held" | "missed" | "client-limited";

export interface Capacity {
  /** The highest rate that held; 0 if none did. */
  readonly rate: number;
  /** What limits it: a higher rate that missed, the client, or the highest rate allowed. */
  readonly limitedBy: "slo" | "client" | "max-rate";
  readonly steps: readonly { readonly rate: number; readonly outcome: Outcome }[];
}

/** A rate must miss twice, so that a single pause does not decide. */
const maxTries = 2;

/**
 * Finds the highest rate that holds: doubles the rate until it does not hold (or halves it until it
 * does), then bisects. Rates are in calls per second.
 */
export async function findCapacity(
  { startRate, maxRate }: Pick<Flags, "startRate" | "maxRate">,
  tryRate: (rate: number) => Promise<Outcome>,
): Promise<Capacity> {
  const steps: { rate: number; outcome: Outcome }[] = [];
  let held = 0;
  let tooHigh = Number.POSITIVE_INFINITY;
  let limitedBy: Capacity["limitedBy"] = "slo";
  let rate = Math.min(startRate, maxRate);
  while (rate >= 1 && tooHigh - held > Math.max(1, held) * precision) {
    let outcome: Outcome = "missed";
    for (let tries = 0; tries < maxTries && outcome !== "held"; tries++) {
      outcome = await tryRate(rate);
      steps.push({ rate, outcome });
    }
    if (outcome !== "held") {
      tooHigh = rate;
      limitedBy = outcome === "missed" ? "slo" : "client";
    } else if (rate === maxRate) {
      return { rate, limitedBy: "max-rate", steps };
    } else {
      held = rate;
    }
    rate = nextRate(held, tooHigh, maxRate);
  }
  return { rate: held, limitedBy, steps };
}

function nextRate(held: number, tooHigh: number, maxRate: number): number {
  if (tooHigh === Number.POSITIVE_INFINITY) {
    return Math.min(held * 2, maxRate);
  }
  const rate = (held + tooHigh) / 2;
  return rate >= 100 ? Math.round(rate) : Math.round(rate * 10) / 10;
}

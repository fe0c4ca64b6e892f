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

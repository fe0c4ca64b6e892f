import type { Measurement } from "./measurement.ts";
import { ms } from "./numbers.ts";

/** What is so many times as much is worth a word. */
const leastTimes = 1.25;

/** What a right strategy costs more and less than another, in words such as "10 threads instead of 2". */
export interface TradeOff {
  readonly more: readonly string[];
  readonly less: readonly string[];
}

/** Compares what was measured of both beside their wall time. */
export function tradeOff(measurement: Measurement, base: Measurement): TradeOff {
  const more: string[] = [];
  const less: string[] = [];
  for (const { of, least, say } of costs) {
    const [value, baseValue] = [of(measurement), of(base)];
    if (value === undefined || baseValue === undefined) {
      continue;
    }
    const [low, high] = value < baseValue ? [value, baseValue] : [baseValue, value];
    if (high - low >= least && high >= leastTimes * low) {
      (value > baseValue ? more : less).push(say(value, baseValue));
    }
  }
  return { more, less };
}

interface Cost {
  readonly of: (measurement: Measurement) => number | undefined;
  /** A smaller difference is none. */
  readonly least: number;
  readonly say: (value: number, other: number) => string;
}

/** What matters most first. */
const costs: readonly Cost[] = [
  {
    of: ({ costs }) => costs?.tenTimesMs,
    least: 10,
    say: (value, other) => `ten times the calls take ${ms(value)} ms instead of ${ms(other)}`,
  },
  {
    of: ({ ranOn }) => (ranOn.processes > 1 ? undefined : (ranOn.threads ?? undefined)),
    least: 1,
    say: (value, other) => `it takes ${value} thread${value === 1 ? "" : "s"} instead of ${other}`,
  },
  {
    of: ({ costs }) => costs?.memoryMb,
    least: 5,
    say: (value, other) =>
      `it takes ${value.toFixed(0)} MB of memory instead of ${other.toFixed(0)}`,
  },
  {
    of: ({ latencyMs }) => latencyMs.p50,
    least: 5,
    say: (value, other) =>
      `half of the calls wait longer than ${ms(value)} ms instead of ${ms(other)}`,
  },
  {
    of: ({ probeP99Ms }) => probeP99Ms,
    least: 10,
    say: (value, other) => `other calls wait ${ms(value)} ms (p99) instead of ${ms(other)}`,
  },
  {
    of: ({ costs }) => costs?.cpuPerCallMs,
    least: 0.2,
    say: (value, other) => `a call takes ${ms(value)} ms of CPU instead of ${ms(other)}`,
  },
];

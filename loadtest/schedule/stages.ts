import { InvalidArgumentError } from "commander";
import { duration } from "../../cli/arguments.ts";
import type { Stage } from "./schedule.ts";

/** The highest rate that can be asked for, in calls per second. */
export const highestRate = 10_000_000;

/**
 * Parses "100:10s,100-500:30s": 100 calls a second for 10 s, then from there evenly up to 500 within
 * 30 s.
 */
export function parseStages(text: string): Stage[] {
  return text.split(",").map((part) => {
    const match = /^(\d+(?:\.\d+)?)(?:-(\d+(?:\.\d+)?))?:([\d.]+(?:ms|s|m))$/.exec(part.trim());
    const [, from, to, time] = match ?? [];
    if (from === undefined || time === undefined) {
      throw new InvalidArgumentError(
        `Expected stages such as "100:10s,500:30s" (steps) or "100-500:30s" (a ramp), got "${part}".`,
      );
    }
    const stage = {
      fromRate: Number(from),
      toRate: Number(to ?? from),
      durationMs: duration(time),
    };
    if (Math.max(stage.fromRate, stage.toRate) > highestRate) {
      throw new InvalidArgumentError(`Expected rates up to ${highestRate}, got "${part}".`);
    }
    if (stage.durationMs === 0) {
      throw new InvalidArgumentError(`Expected a stage to take some time, got "${part}".`);
    }
    return stage;
  });
}

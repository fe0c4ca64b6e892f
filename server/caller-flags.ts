import { type Command, Option } from "commander";
import { duration } from "../cli/arguments.ts";
import { type CallerLimits, defaultCallerLimits } from "./caller-limits.ts";

/** The limits as commander has them, with times in milliseconds. */
export interface CallerFlags {
  readonly defaultTimeout: number;
  readonly maxTimeout: number;
}

/** Adds the flags for what callers may ask of the server and hold of it. */
export function addCallerFlags(command: Command): Command {
  const defaults = defaultCallerLimits;
  const time = (flag: string, description: string, defaultMs: number) =>
    new Option(`${flag} <time>`, description)
      .argParser(duration)
      .default(defaultMs, defaultMs === 0 ? "none" : `${defaultMs / 1_000}s`);
  return command
    .addOption(
      time(
        "--default-timeout",
        "deadline of unary calls that have none; 0s for none",
        defaults.defaultTimeoutMs,
      ),
    )
    .addOption(
      time(
        "--max-timeout",
        "longest deadline of unary calls; longer ones are shortened to it; 0s for none",
        defaults.maxTimeoutMs,
      ),
    );
}

export function callerLimitsOf(flags: CallerFlags): CallerLimits {
  return {
    defaultTimeoutMs: flags.defaultTimeout,
    maxTimeoutMs: flags.maxTimeout,
  };
}

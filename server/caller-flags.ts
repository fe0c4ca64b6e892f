import { type Command, Option } from "commander";
import { duration, wholeNumber } from "../cli/arguments.ts";
import { type CallerLimits, defaultCallerLimits } from "./caller-limits.ts";

/** The limits as commander has them, with times in milliseconds. */
export interface CallerFlags {
  readonly defaultTimeout: number;
  readonly maxTimeout: number;
  readonly maxConnections: number;
  readonly keepaliveInterval: number;
  readonly keepaliveTimeout: number;
  readonly maxConnectionAge: number;
  readonly maxConnectionAgeGrace: number;
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
    )
    .option(
      "--max-connections <n>",
      "connections at once; half of them may come from one address",
      wholeNumber(2, 1_000_000),
      defaults.maxConnections,
    )
    .addOption(
      time(
        "--keepalive-interval",
        "interval at which the server asks its callers whether they are there",
        defaults.keepaliveIntervalMs,
      ),
    )
    .addOption(
      time(
        "--keepalive-timeout",
        "time to answer, after which the connection is cut",
        defaults.keepaliveTimeoutMs,
      ),
    )
    .addOption(
      time(
        "--max-connection-age",
        "age, give or take 10 %, at which a connection takes no more calls, so that clients open another",
        defaults.maxConnectionAgeMs,
      ),
    )
    .addOption(
      time(
        "--max-connection-age-grace",
        "time for the calls in progress after that, before they are cut",
        defaults.maxConnectionAgeGraceMs,
      ),
    );
}

export function callerLimitsOf(flags: CallerFlags): CallerLimits {
  return {
    defaultTimeoutMs: flags.defaultTimeout,
    maxTimeoutMs: flags.maxTimeout,
    maxConnections: flags.maxConnections,
    keepaliveIntervalMs: flags.keepaliveInterval,
    keepaliveTimeoutMs: flags.keepaliveTimeout,
    maxConnectionAgeMs: flags.maxConnectionAge,
    maxConnectionAgeGraceMs: flags.maxConnectionAgeGrace,
  };
}

import { type ConfigSource, readFileOf, readFileOfBlocking } from "@unblock/backends/disk";
import { backendUnavailable } from "@unblock/errors/failure";

export interface Config {
  readonly settingA: string;
  readonly settingB: string;
}

/** Blocks a thread of libuv's pool, but not its own. */
export async function readConfig(source: ConfigSource): Promise<Config> {
  return parseConfig(await readFileOf(source));
}

/** Blocks its thread. */
export function readConfigBlocking(source: ConfigSource): Config {
  return parseConfig(readFileOfBlocking(source));
}

function parseConfig(text: string): Config {
  const { setting_a: a, setting_b: b }: Readonly<Record<string, unknown>> = Object(jsonOf(text));
  if (a === undefined || b === undefined) {
    throw backendUnavailable("config file", "it has no setting_a and setting_b");
  }
  return { settingA: String(a), settingB: String(b) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The reason would quote the file.
    throw backendUnavailable("config file", "it is no JSON");
  }
}

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
  const config = jsonOf(text);
  if (
    typeof config === "object" &&
    config !== null &&
    "setting_a" in config &&
    "setting_b" in config
  ) {
    return { settingA: String(config.setting_a), settingB: String(config.setting_b) };
  }
  throw backendUnavailable("config file", "it has no setting_a and setting_b");
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The reason would quote the file.
    throw backendUnavailable("config file", "it is no JSON");
  }
}

import { type Disk, readNextFile, readNextFileBlocking } from "../../backends/disk.ts";
import { backendUnavailable } from "../../errors.ts";

export interface Config {
  readonly settingA: string;
  readonly settingB: string;
}

/** A thread of libuv's pool blocks; the thread that runs this does not. */
export async function readConfig(disk: Disk): Promise<Config> {
  return parseConfig(await readNextFile(disk));
}

/** Blocks the thread that runs it. */
export function readConfigBlocking(disk: Disk): Config {
  return parseConfig(readNextFileBlocking(disk));
}

function parseConfig(text: string): Config {
  const config: unknown = JSON.parse(text);
  if (
    typeof config === "object" &&
    config !== null &&
    "setting_a" in config &&
    "setting_b" in config
  ) {
    return { settingA: String(config.setting_a), settingB: String(config.setting_b) };
  }
  throw backendUnavailable("slow disk", "its file has no setting_a and setting_b");
}

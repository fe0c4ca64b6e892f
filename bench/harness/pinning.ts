import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import type { Command } from "./children.ts";

/** Where servers and clients run: on a core each, or wherever the system puts them. */
export interface Pinning {
  /** Why there is none; undefined when there is. */
  readonly missing: string | undefined;
  readonly server: (command: Command) => Command;
  readonly client: (command: Command) => Command;
}

/** Finds two cores that this process may use. */
export function createPinning(): Pinning {
  const [serverCore, clientCore] = allowedCores();
  if (serverCore === undefined || clientCore === undefined) {
    return unpinned("there are no two cores to choose from");
  }
  if (spawnSync("taskset", ["--version"]).status !== 0) {
    return unpinned("there is no taskset, which is part of util-linux");
  }
  const on =
    (core: number) =>
    (command: Command): Command => ["taskset", "-c", String(core), ...command];
  return { missing: undefined, server: on(serverCore), client: on(clientCore) };
}

function unpinned(missing: string): Pinning {
  const anywhere = (command: Command) => command;
  return { missing, server: anywhere, client: anywhere };
}

// A container may have any of the machine's cores, so they are asked for. Only Linux tells.
function allowedCores(): number[] {
  try {
    const status = readFileSync("/proc/self/status", "latin1");
    return parseCores(/^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? "");
  } catch {
    return [];
  }
}

/** @param list as in /proc, such as "0-2,5" */
export function parseCores(list: string): number[] {
  return list
    .split(",")
    .filter((part) => part !== "")
    .flatMap((part) => {
      const [from = Number.NaN, to = from] = part.split("-").map(Number);
      return Array.from({ length: to - from + 1 }, (_, index) => from + index);
    });
}

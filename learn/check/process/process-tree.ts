import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename } from "node:path";
import type { LeftProcess } from "./supervisor.ts";

const require = createRequire(import.meta.url);
/** To wait for any child, and only if it has ended. */
const anyChild = -1;
const noHang = 1;
/** Linux: orphans of this process's descendants get it as their parent. */
const setChildSubreaper = 36;
/** Much of a command line says no more than its beginning, in characters. */
const keptCommand = 120;

/** Linux, but for some machines whose pages are larger: they are let have more. */
const pageBytes = 4_096;
const bytesPerMb = 1024 * 1024;

/** What of /proc/<pid>/stat is needed. */
interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
}

/**
 * Makes this process the parent of all its descendants whose own parent ends, so that none leaves the tree.
 * Linux only; elsewhere what leaves the process group is out of reach.
 *
 * @see https://man7.org/linux/man-pages/man2/PR_SET_CHILD_SUBREAPER.2const.html
 */
export function adoptOrphans(): void {
  if (process.platform === "linux") {
    const long = "unsigned long";
    const types = ["int", long, long, long, long];
    c().func("prctl", "int", types)(setChildSubreaper, 1, 0, 0, 0);
  }
}

/** Takes notice of adopted processes that have ended, as else they stay in the system's list of processes. */
export function buryOrphans(): void {
  if (process.platform === "linux") {
    const waitpid = c().func("waitpid", "int", ["int", "void *", "int"]);
    while (waitpid(anyChild, null, noHang) > 0);
  }
}

/** The system's C library. */
function c() {
  const koffi: typeof import("koffi") = require("koffi");
  return koffi.load(null);
}

/** Processes that descend from this one, or are in a process group. */
export function descendants(group: number): readonly number[] {
  const all = readProcesses();
  const found = new Set<number>([process.pid]);
  // A parent may have a higher number than its child, so once through the list is not enough.
  for (let size = 0; size < found.size; ) {
    size = found.size;
    for (const { pid, parent, group: own } of all) {
      if (found.has(parent) || own === group) {
        found.add(pid);
      }
    }
  }
  found.delete(process.pid);
  return [...found];
}

/** Processes whose environment has a value, as that of a service's temporary folder. */
export function processesWith(variable: string, value: string): readonly number[] {
  const wanted = `${variable}=${value}`;
  return readProcesses()
    .map(({ pid }) => pid)
    .filter((pid) => read(pid, "environ").split("\0").includes(wanted));
}

/** Ends processes at once. */
export function endProcesses(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** What processes have of the machine's memory, in MiB; what two of them share counts twice. */
export function memoryMbOf(pids: readonly number[]): number {
  const pages = pids.map((pid) => Number(read(pid, "statm").split(" ")[1] ?? 0));
  return (pages.reduce((sum, one) => sum + one, 0) * pageBytes) / bytesPerMb;
}

export function describeProcess(pid: number): LeftProcess {
  const [program = "", ...words] = read(pid, "cmdline").split("\0");
  const command = [basename(program), ...words].join(" ").trim();
  return { pid, command: command.slice(0, keptCommand) };
}

/** Those of all processes that have not ended; none where the system has no /proc. */
function readProcesses(): readonly Process[] {
  return readPids().flatMap((pid) => {
    const stat = read(pid, "stat");
    // The name is in parentheses, and may contain any character.
    const [state = "Z", parent, group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" || state === "X"
      ? []
      : [{ pid, parent: Number(parent), group: Number(group) }];
  });
}

function readPids(): readonly number[] {
  try {
    return readdirSync("/proc").map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function read(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8");
  } catch {
    return "";
  }
}

import { createRequire } from "node:module";
import { basename } from "node:path";
import { idsIn, readText } from "@unblock/measure/proc";

const require = createRequire(import.meta.url);
/** Arguments of waitpid: any child, without blocking. */
const anyChild = -1;
const noHang = 1;
/** Option of prctl that makes this process the parent of its descendants' orphans. */
const setChildSubreaper = 36;
/** Programs of the service itself, which end with it, by their command lines. */
const ownPrograms = /\/(packages\/executors\/child-process-worker|backends\/embedded\/process)\.ts/;
/** Characters kept of a command line. */
const keptCommand = 120;

/** Of Linux on most machines; where pages are larger, the limit is too. */
const pageBytes = 4_096;
const bytesPerMb = 1024 * 1024;

/** A process that outlived the service. */
export interface LeftProcess {
  readonly pid: number;
  /** Its command line, shortened. */
  readonly command: string;
}

/** Fields of /proc/<pid>/stat. */
interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
}

/**
 * Makes this process the parent of descendants whose own parent ends, so that none leaves the tree. Linux
 * only; elsewhere a process that leaves the process group is out of reach.
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

/** Reaps adopted processes that have ended. */
export function reapOrphans(): void {
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

/** Returns the processes that descend from this one or are in a process group. */
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

/** Returns the processes whose environment has a variable with this value. */
export function processesWith(variable: string, value: string): readonly number[] {
  const wanted = `${variable}=${value}`;
  return readProcesses()
    .map(({ pid }) => pid)
    .filter((pid) => readText(`/proc/${pid}/environ`).split("\0").includes(wanted));
}

/** Sends SIGKILL to processes. */
export function endProcesses(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended meanwhile.
    }
  }
}

/** Resident memory of processes; what they share counts for each. */
export function memoryMbOf(pids: readonly number[]): number {
  const pages = pids.map((pid) => Number(readText(`/proc/${pid}/statm`).split(" ")[1] ?? 0));
  return (pages.reduce((sum, one) => sum + one, 0) * pageBytes) / bytesPerMb;
}

/** Whether a process is one that the service starts without the learner's code. */
export function isOwnProgram(pid: number): boolean {
  return ownPrograms.test(readText(`/proc/${pid}/cmdline`));
}

export function describeProcess(pid: number): LeftProcess {
  const [program = "", ...words] = readText(`/proc/${pid}/cmdline`).split("\0");
  const command = [basename(program), ...words].join(" ").trim();
  return { pid, command: command.slice(0, keptCommand) };
}

/** All processes that have not ended; none where the system has no /proc. */
function readProcesses(): readonly Process[] {
  return idsIn("/proc").flatMap((pid) => {
    const [state = "Z", parent, group] = fieldsOf(pid);
    return state === "Z" || state === "X"
      ? []
      : [{ pid, parent: Number(parent), group: Number(group) }];
  });
}

/** Fields of /proc/<pid>/stat after the name, which is in parentheses and may contain any character. */
export function fieldsOf(pid: number): readonly string[] {
  const stat = readText(`/proc/${pid}/stat`);
  return stat === "" ? [] : stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

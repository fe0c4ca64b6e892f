import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { readBusyMs } from "../../../machine/quiet.ts";

/** What the operating system says a service's threads and processes did in a span of time. */
export interface TreeUse {
  /** CPU time of the event loop's thread, in milliseconds. */
  readonly loopCpuMs: number;
  /** How long the event loop's thread could have run and had no core, in milliseconds. */
  readonly loopStarvedMs: number;
  /** CPU time of all other threads of the process, those that have ended included. */
  readonly threadsCpuMs: number;
  /** CPU time of the processes that the learner's code started. */
  readonly childrenCpuMs: number;
  /** Of each thread but the loop's, and of each of those processes, that used any: the CPU time. */
  readonly units: readonly number[];
  /** Processes of the learner's that were seen for the first time. */
  readonly newChildren: number;
  /** Processes of the learner's there at the end. */
  readonly children: number;
}

/** As Linux counts for programs, in milliseconds. */
const tickMs = 10;
const nsPerMs = 1e6;
/** Between two looks for processes that come and go, in milliseconds. */
const lookMs = 30;
/** Programs of the service itself, by their command line. */
const ownPrograms = /\/server\/(places\/child-process-worker|backends\/embedded\/process)\.ts/;
/** Where in /proc/<pid>/stat, behind the name, the CPU times are: its own, and those of children it waited for. */
const ownTimes = [11, 12];
const reapedTimes = [13, 14];

interface Reading {
  readonly loopCpuMs: number;
  readonly loopStarvedMs: number;
  readonly processCpuMs: number;
  readonly reapedCpuMs: number;
  /** CPU time of worker and libuv threads, by their number. */
  readonly threads: ReadonlyMap<number, number>;
  readonly children: ReadonlyMap<number, number>;
}

/**
 * Watches the threads and processes of a service from outside (Linux: /proc), so that also what does not
 * use the toolbox is seen, and nobody in there can say otherwise.
 */
export class TreeWatch {
  readonly #pid: number;
  readonly #names = new Map<number, string>();
  readonly #owns = new Map<number, boolean>();

  /** @param pid the service's */
  constructor(pid: number) {
    this.#pid = pid;
  }

  /** Begins a span. @returns what ends it; undefined where the system has no /proc */
  begin(): () => TreeUse | undefined {
    const before = this.#read();
    const seen = new Map(before?.children);
    const look = () => {
      for (const [pid, cpuMs] of this.#readChildren()) {
        seen.set(pid, cpuMs);
      }
    };
    const timer = setInterval(look, lookMs);
    return () => {
      clearInterval(timer);
      const after = this.#read();
      if (before === undefined || after === undefined) {
        return undefined;
      }
      const newChildren = new Set([...seen.keys(), ...after.children.keys()]);
      for (const pid of before.children.keys()) {
        newChildren.delete(pid);
      }
      return useBetween(before, after, newChildren.size);
    };
  }

  /** How many files the service has open now: neither sockets nor pipes, nor those of the system. */
  files(): number {
    const folder = `/proc/${this.#pid}/fd`;
    return numbersIn(folder).filter((file) => isFile(`${folder}/${file}`)).length;
  }

  /** How many processes of the learner's there are now. */
  children(): number {
    return this.#readChildren().size;
  }

  #read(): Reading | undefined {
    const stat = cpuOf(`/proc/${this.#pid}/stat`);
    if (stat === undefined) {
      return undefined;
    }
    const threads = new Map<number, number>();
    let loopCpuMs = 0;
    let loopStarvedMs = 0;
    for (const thread of numbersIn(`/proc/${this.#pid}/task`)) {
      const folder = `/proc/${this.#pid}/task/${thread}`;
      const { cpuMs, starvedMs } = readThreadTimes(this.#pid, thread);
      const name = this.#nameOf(thread, folder);
      if (thread === this.#pid) {
        loopCpuMs = cpuMs;
        loopStarvedMs = starvedMs;
      } else if (name === "WorkerThread" || name === "libuv-worker") {
        threads.set(thread, cpuMs);
      }
    }
    const children = this.#readChildren();
    return {
      loopCpuMs,
      loopStarvedMs,
      processCpuMs: stat.ownMs,
      reapedCpuMs: stat.reapedMs,
      threads,
      children,
    };
  }

  /** The learner's, with all that descends from them, and their CPU time. */
  #readChildren(): Map<number, number> {
    const found = new Map<number, number>();
    const waiting = [this.#pid];
    for (const parent of waiting) {
      for (const thread of numbersIn(`/proc/${parent}/task`)) {
        const children = read(`/proc/${parent}/task/${thread}/children`).split(" ").map(Number);
        for (const pid of children.filter((one) => one > 0 && !this.#isOwn(one))) {
          const stat = cpuOf(`/proc/${pid}/stat`);
          found.set(pid, (stat?.ownMs ?? 0) + (stat?.reapedMs ?? 0));
          waiting.push(pid);
        }
      }
    }
    return found;
  }

  #nameOf(thread: number, folder: string): string {
    const name = this.#names.get(thread) ?? read(`${folder}/comm`).trim();
    // One that has just begun may not have its name yet.
    if (name === "WorkerThread" || name === "libuv-worker") {
      this.#names.set(thread, name);
    }
    return name;
  }

  #isOwn(pid: number): boolean {
    const known = this.#owns.get(pid);
    const isOwn = known ?? ownPrograms.test(read(`/proc/${pid}/cmdline`));
    this.#owns.set(pid, isOwn);
    return isOwn;
  }
}

/** What a thread had since its start, in milliseconds; nothing where the system does not tell. */
export function readThreadTimes(
  pid: number,
  thread: number,
): { readonly cpuMs: number; readonly starvedMs: number } {
  const [cpuMs = 0, starvedMs = 0] = read(`/proc/${pid}/task/${thread}/schedstat`)
    .split(" ")
    .map((ns) => Number(ns) / nsPerMs);
  return { cpuMs, starvedMs };
}

function useBetween(before: Reading, after: Reading, newChildren: number): TreeUse {
  const grown = (
    now: ReadonlyMap<number, number>,
    then: ReadonlyMap<number, number>,
  ): readonly number[] => [...now].map(([id, cpuMs]) => Math.max(0, cpuMs - (then.get(id) ?? 0)));
  const sum = (values: readonly number[]) => values.reduce((all, one) => all + one, 0);
  const threads = grown(after.threads, before.threads);
  const children = grown(after.children, before.children);
  const loopCpuMs = after.loopCpuMs - before.loopCpuMs;
  return {
    loopCpuMs,
    loopStarvedMs: after.loopStarvedMs - before.loopStarvedMs,
    // What has ended is only in the process's sum; what is alive is known more exactly.
    threadsCpuMs: Math.max(sum(threads), after.processCpuMs - before.processCpuMs - loopCpuMs),
    childrenCpuMs: sum(children) + after.reapedCpuMs - before.reapedCpuMs,
    units: [...threads, ...children].filter((cpuMs) => cpuMs > 0),
    newChildren,
    children: after.children.size,
  };
}

function cpuOf(path: string): { readonly ownMs: number; readonly reapedMs: number } | undefined {
  const stat = read(path);
  if (stat === "") {
    return undefined;
  }
  // The name is in parentheses, and may contain any character.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ms = (indices: readonly number[]) =>
    indices.reduce((all, index) => all + Number(fields[index] ?? 0) * tickMs, 0);
  return { ownMs: ms(ownTimes), reapedMs: ms(reapedTimes) };
}

function isFile(link: string): boolean {
  try {
    return /^\/(?!dev\/|proc\/)/.test(readlinkSync(link));
  } catch {
    // It was closed meanwhile.
    return false;
  }
}

function numbersIn(folder: string): readonly number[] {
  try {
    return readdirSync(folder).map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** How much of the machine is in use, and by whom. */
export interface LoadReading {
  /** CPU time of all cores since the machine's start, with what its host gave to others, in milliseconds. */
  readonly busyMs: number;
  readonly atMs: number;
}

export function readLoad(): LoadReading {
  return { busyMs: readBusyMs() + readStolenMs(), atMs: performance.now() };
}

const stolenField = 8;

/**
 * How long a virtual machine wanted to run and its host ran others; 0 where that is not known.
 *
 * @see https://www.kernel.org/doc/html/latest/filesystems/proc.html
 */
function readStolenMs(): number {
  try {
    const [all = ""] = readFileSync("/proc/stat", "utf8").split("\n", 1);
    return Number(all.split(/\s+/)[stolenField] ?? 0) * tickMs;
  } catch {
    return 0;
  }
}

/**
 * How many cores others kept busy between two readings.
 *
 * @param ownCpuMs what the check and its service used meanwhile
 */
export function coresOfOthers(from: LoadReading, to: LoadReading, ownCpuMs: number): number {
  const passedMs = to.atMs - from.atMs;
  return passedMs <= 0 ? 0 : Math.max(0, to.busyMs - from.busyMs - ownCpuMs) / passedMs;
}

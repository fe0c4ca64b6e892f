import { readlinkSync } from "node:fs";
import { readBusyMs } from "@unblock/measure/disturbance";
import { idsIn, readText, readThreadTimes, type ThreadTimes } from "@unblock/measure/proc";
import { fieldsOf, isOwnProgram } from "../process/process-tree.ts";

/** CPU use of a service's threads and processes in a span of time, by the operating system. */
export interface TreeUse {
  /** CPU time of the event loop's thread. */
  readonly loopCpuMs: number;
  /** Time that the event loop's thread waited for a core. */
  readonly loopStarvedMs: number;
  /** CPU time of the process's threads that may work, including ended ones. */
  readonly threadsCpuMs: number;
  /** Time that those of them which still run waited for a core. */
  readonly threadsStarvedMs: number;
  /** CPU time of V8's own threads, which collect garbage, compile and take profiles. */
  readonly helpersCpuMs: number;
  /** CPU time of the processes that the learner's code started. */
  readonly childrenCpuMs: number;
  /** CPU time of each other thread, and of each of those processes, that used any. */
  readonly units: readonly number[];
  /** The learner's processes that are new. */
  readonly newChildren: number;
  /** The learner's processes at the end. */
  readonly children: number;
}

/** Unit of times in /proc, whatever the kernel's clock. */
const tickMs = 10;
/** Interval between polls for short-lived processes. */
const pollMs = 30;
/** Threads that may work: of worker_threads, and of libuv's pool. */
const workerNames: ReadonlySet<string> = new Set(["WorkerThread", "libuv-worker"]);
/** Indices of CPU times in /proc/<pid>/stat after the name: its own, and those of reaped children. */
const ownTimes = [11, 12];
const reapedTimes = [13, 14];

interface Reading {
  readonly process: ProcessTimes;
  readonly loop: ThreadTimes;
  /** CPU time of worker and libuv threads by thread id. */
  readonly threads: ReadonlyMap<number, number>;
  readonly threadsStarvedMs: number;
  /** CPU time of all other threads but the event loop's. */
  readonly helpers: ReadonlyMap<number, number>;
  readonly children: ReadonlyMap<number, number>;
}

interface ProcessTimes {
  readonly ownMs: number;
  /** Of its children that have ended. */
  readonly reapedMs: number;
}

/**
 * Watches the threads and processes of a service from outside, in Linux's /proc: it sees work without the
 * toolbox as well, and the learner's code can't hide any.
 */
export class TreeWatch {
  readonly #pid: number;
  readonly #names = new Map<number, string>();
  readonly #owns = new Map<number, boolean>();

  /** @param pid the service's */
  constructor(pid: number) {
    this.#pid = pid;
  }

  /** Begins a span. @returns ends it; the use is undefined where the system has no /proc */
  begin(): () => TreeUse | undefined {
    const before = this.#read();
    const seen = new Map(before?.children);
    const poll = () => {
      for (const [pid, cpuMs] of this.#readChildren()) {
        seen.set(pid, cpuMs);
      }
    };
    const timer = setInterval(poll, pollMs).unref();
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

  /** Number of open files of the service, without sockets, pipes and files of the system. */
  files(): number {
    const folder = `/proc/${this.#pid}/fd`;
    return idsIn(folder).filter((file) => isFile(`${folder}/${file}`)).length;
  }

  /** Number of the learner's processes. */
  children(): number {
    return this.#readChildren().size;
  }

  #read(): Reading | undefined {
    const process = cpuOf(this.#pid);
    if (process === undefined) {
      return undefined;
    }
    const threads = new Map<number, number>();
    const helpers = new Map<number, number>();
    let loop = { cpuMs: 0, waitedMs: 0 };
    let threadsStarvedMs = 0;
    for (const thread of idsIn(`/proc/${this.#pid}/task`)) {
      const times = readThreadTimes(this.#pid, thread);
      const name = this.#nameOf(thread);
      if (thread === this.#pid) {
        loop = times;
      } else if (workerNames.has(name)) {
        threads.set(thread, times.cpuMs);
        threadsStarvedMs += times.waitedMs;
      } else {
        helpers.set(thread, times.cpuMs);
      }
    }
    return { process, loop, threads, threadsStarvedMs, helpers, children: this.#readChildren() };
  }

  /** CPU time of the learner's processes and all their descendants. */
  #readChildren(): Map<number, number> {
    const found = new Map<number, number>();
    const waiting = [this.#pid];
    for (const parent of waiting) {
      for (const thread of idsIn(`/proc/${parent}/task`)) {
        const children = readText(`/proc/${parent}/task/${thread}/children`).split(" ").map(Number);
        for (const pid of children.filter((one) => one > 0 && !this.#isOwn(one))) {
          const stat = cpuOf(pid);
          found.set(pid, (stat?.ownMs ?? 0) + (stat?.reapedMs ?? 0));
          waiting.push(pid);
        }
      }
    }
    return found;
  }

  #nameOf(thread: number): string {
    const name =
      this.#names.get(thread) ?? readText(`/proc/${this.#pid}/task/${thread}/comm`).trim();
    // A new thread may not have its name yet.
    if (workerNames.has(name)) {
      this.#names.set(thread, name);
    }
    return name;
  }

  #isOwn(pid: number): boolean {
    const isOwn = this.#owns.get(pid) ?? isOwnProgram(pid);
    this.#owns.set(pid, isOwn);
    return isOwn;
  }
}

function useBetween(before: Reading, after: Reading, newChildren: number): TreeUse {
  const grown = (
    now: ReadonlyMap<number, number>,
    then: ReadonlyMap<number, number>,
  ): readonly number[] => [...now].map(([id, cpuMs]) => Math.max(0, cpuMs - (then.get(id) ?? 0)));
  const sum = (values: readonly number[]) => values.reduce((all, one) => all + one, 0);
  const threads = grown(after.threads, before.threads);
  const children = grown(after.children, before.children);
  const loopCpuMs = after.loop.cpuMs - before.loop.cpuMs;
  const helpersCpuMs = sum(grown(after.helpers, before.helpers));
  const liveMs = loopCpuMs + helpersCpuMs + sum(threads);
  // Only in the process's sum, which is less exact.
  const endedMs = Math.max(0, after.process.ownMs - before.process.ownMs - liveMs);
  return {
    loopCpuMs,
    loopStarvedMs: after.loop.waitedMs - before.loop.waitedMs,
    threadsCpuMs: sum(threads) + endedMs,
    threadsStarvedMs: Math.max(0, after.threadsStarvedMs - before.threadsStarvedMs),
    helpersCpuMs,
    childrenCpuMs: sum(children) + after.process.reapedMs - before.process.reapedMs,
    units: [...threads, ...children].filter((cpuMs) => cpuMs > 0),
    newChildren,
    children: after.children.size,
  };
}

/** CPU time of a process; undefined when there is no such process. */
function cpuOf(pid: number): ProcessTimes | undefined {
  const fields = fieldsOf(pid);
  const ms = (indices: readonly number[]) =>
    indices.reduce((all, index) => all + Number(fields[index] ?? 0) * tickMs, 0);
  return fields.length === 0 ? undefined : { ownMs: ms(ownTimes), reapedMs: ms(reapedTimes) };
}

function isFile(link: string): boolean {
  try {
    return /^\/(?!dev\/|proc\/)/.test(readlinkSync(link));
  } catch {
    // It was closed meanwhile.
    return false;
  }
}

const stolenField = 8;

/**
 * CPU time of all cores since the machine's start, with the time that the host of a virtual machine gave to
 * others where that is known.
 *
 * @see https://www.kernel.org/doc/html/latest/filesystems/proc.html
 */
export function readLoadMs(): number {
  const stolen = readText("/proc/stat").split(/\s+/, stolenField + 1)[stolenField] ?? 0;
  return readBusyMs() + Number(stolen) * tickMs;
}

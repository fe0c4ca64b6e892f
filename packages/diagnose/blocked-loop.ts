import {
  alsoAt,
  type CodeLine,
  type Diagnosis,
  type DiagnosisWatch,
  howLong,
  inWords,
  rounded,
  Sites,
  shownLocation,
  type WorkerThread,
} from "./diagnosis.ts";
import { type Blockage, collectingMs, heldMs, isComputing, isOthers } from "./watch-loop.ts";

const kinds = {
  "loop-blocked-by-waiting": {
    why: "while its thread waited",
    nextStep:
      "Await an asynchronous call there; if there is none, make this one in a pool of worker threads for calls that block.",
    readOn: "pools-for-blocking-calls",
  },
  "loop-blocked-by-cpu": {
    why: "while its thread computed",
    nextStep: "Compute that in a pool of worker threads, one per core.",
    readOn: "worker-threads",
  },
  "cpu-behind-a-promise": {
    why: "while its thread computed behind a promise, which is no thread",
    nextStep:
      "Compute that in a pool of worker threads, one per core: async and promises only help with what waits.",
    readOn: "microtasks",
  },
  "garbage-collection": {
    why: "while V8 collected garbage, and not by the program's own computing",
    nextStep:
      "Keep less in memory (a collection takes its time for what stays), and allocate less at a time: bound caches, read in parts.",
    readOn: "blocking-the-loop",
  },
} as const;

type Name = keyof typeof kinds;

/** Part of a blockage that has a cause of its own. */
interface Part {
  readonly name: Name;
  readonly ms: number;
  readonly cpuMs: number;
}

/** Blockages with one name and one cause. */
class Group {
  readonly id: string;
  readonly name: Name;
  /** Empty if no line was seen. */
  readonly sites = new Sites();
  package: string | undefined;
  count = 0;
  totalMs = 0;
  maxMs = 0;
  cpuMs = 0;
  /** Line right after the longest native call; undefined if it was not seen. */
  next: CodeLine | undefined;
  /** Time of the same kind for which no line was seen. */
  unseenMs = 0;
  collections = 0;
  /** Maximum of the used heap after a collection. */
  heapBytes = 0;

  constructor(id: string, name: Name) {
    this.id = id;
    this.name = name;
  }
}

/** A line that blocked for less in all is not reported, in milliseconds. */
const minMs = 100;
/** The same where no line was seen: it may be many short pieces of work in one turn. */
const minUnseenMs = 500;
/** The smaller part of a blockage is not reported below this. */
const minPartMs = 40;
/** Mean duration from which collections have many live objects to trace, in milliseconds. */
const minCollectionMs = 5;

/** Sums up the blockages of an event loop, and diagnoses what blocked it. */
export class BlockageTally implements DiagnosisWatch {
  readonly #groups = new Map<string, Group>();

  add(blockages: readonly Blockage[]): void {
    for (const blockage of blockages.filter((one) => !isOthers(one))) {
      for (const part of partsOf(blockage)) {
        this.#add(blockage, part);
      }
    }
  }

  #add({ line, next, cause, garbage }: Blockage, { name, ms, cpuMs }: Part): void {
    const isGarbage = name === "garbage-collection";
    // A collection can come at any line, which is not its cause.
    const id =
      isGarbage || line === undefined
        ? name
        : `${name} ${cause?.id ?? `${line.file}:${line.line}:${line.beginsAt}`}`;
    const group = this.#groups.get(id) ?? new Group(id, name);
    this.#groups.set(id, group);
    if (line !== undefined && !isGarbage) {
      group.sites.add(line, ms);
    }
    if (ms > group.maxMs || group.next === undefined) {
      group.next = (isGarbage ? (line ?? next) : next) ?? group.next;
    }
    group.package = isGarbage ? undefined : cause?.package;
    group.count++;
    group.totalMs += ms;
    group.maxMs = Math.max(group.maxMs, ms);
    group.cpuMs += cpuMs;
    group.collections += garbage.collections;
    group.heapBytes = Math.max(group.heapBytes, garbage.heapBytes);
  }

  /**
   * One diagnosis per cause, by total time, the longest first.
   *
   * @param thread the event loop's worker thread; by default the main thread
   */
  diagnoses(thread?: WorkerThread): Diagnosis[] {
    const isReported = (group: Group) => {
      const isSeen =
        hasLine(group) || group.next !== undefined || group.name === "garbage-collection";
      return group.totalMs >= (isSeen ? minMs : minUnseenMs);
    };
    return withUnseen([...this.#groups.values()])
      .filter(isReported)
      .sort(byTotalMs)
      .map((group) => toDiagnosis(group, thread));
  }
}

/**
 * Counts blockages without a line as time of the worst diagnosis of the same kind that has one, as most likely they
 * had the same cause before a witness looked closer.
 */
function withUnseen(groups: readonly Group[]): Group[] {
  const kindOf = ({ name }: Group) =>
    name === "cpu-behind-a-promise" ? "loop-blocked-by-cpu" : name;
  return [...Map.groupBy(groups, kindOf).values()].flatMap((kind) => {
    const unseen = kind.filter((group) => !hasLine(group));
    const [worst, ...others] = kind.filter(hasLine).sort(byTotalMs);
    const unseenMs = unseen.reduce((sum, { totalMs }) => sum + totalMs, 0);
    return worst === undefined ? unseen : [{ ...worst, unseenMs }, ...others];
  });
}

function hasLine({ sites }: Group): boolean {
  return sites.read().length > 0;
}

function byTotalMs(a: Group, b: Group): number {
  return b.totalMs - a.totalMs;
}

/** Splits a blockage into garbage collection and the program's own part: the larger one, and the other if it is large. */
function partsOf(blockage: Blockage): Part[] {
  const { garbage } = blockage;
  // Many short collections belong to what computes: it allocates, and little of that stays.
  const isOwnGarbage = garbage.ms < minCollectionMs * garbage.collections;
  const garbageMs = isOwnGarbage ? 0 : collectingMs(blockage);
  const ms = heldMs(blockage) - garbageMs;
  const cpuMs = Math.max(0, blockage.cpuMs - garbageMs);
  const parts: Part[] = [
    { name: nameOf(blockage), ms, cpuMs },
    { name: "garbage-collection", ms: garbageMs, cpuMs: blockage.cpuMs - cpuMs },
  ];
  const larger = Math.max(ms, garbageMs);
  return parts.filter((part) => part.ms === larger || part.ms >= minPartMs);
}

function nameOf(blockage: Blockage): Name {
  if (!isComputing(blockage)) {
    return "loop-blocked-by-waiting";
  }
  return blockage.isAsync ? "cpu-behind-a-promise" : "loop-blocked-by-cpu";
}

function toDiagnosis(group: Group, thread: WorkerThread | undefined): Diagnosis {
  const { id, name, sites, count, totalMs, maxMs, cpuMs, unseenMs, collections } = group;
  const { why, nextStep, readOn } = kinds[name];
  const [worst, ...otherLines] = sites.read();
  const isGarbage = name === "garbage-collection";
  const heapMb = group.heapBytes / 1e6;
  const time = `${howLong(count, totalMs, maxMs)}${count === 1 ? "" : ","}`;
  const evidence = isGarbage
    ? `${collections} collections, ${Math.round(heapMb)} MB in use after one`
    : `${inWords(cpuMs)} of CPU`;
  const unseen = unseenMs === 0 ? "" : ` For ${inWords(unseenMs)} more no line was seen.`;
  return {
    name,
    finding: `The event loop${ofThread(thread)} stood still ${time} ${why} (${evidence}).${where(group)}${alsoAt(otherLines)}${unseen}`,
    id: thread === undefined ? id : `${thread.file} ${id}`,
    thread,
    line: worst?.line,
    otherLines,
    nextStep,
    readOn,
    numbers: {
      blockages: count,
      blocked_ms: rounded(totalMs),
      longest_ms: rounded(maxMs),
      cpu_ms: rounded(cpuMs),
      ...(unseenMs > 0 && { unseen_ms: rounded(unseenMs) }),
      ...(isGarbage && { collections, heap_mb: rounded(heapMb) }),
    },
  };
}

function ofThread(thread: WorkerThread | undefined): string {
  if (thread === undefined) {
    return "";
  }
  const { file, ids } = thread;
  const threads = ids.length === 1 ? `worker thread ${ids[0]}` : `worker threads ${ids.join(", ")}`;
  return ` of ${threads} (${file}), which serves connections,`;
}

function where({ name, next, package: packageName }: Group): string {
  if (packageName !== undefined) {
    return ` It was in the package ${packageName}.`;
  }
  if (next === undefined) {
    return "";
  }
  const location = `${shownLocation(next)} (${next.what})`;
  return name === "garbage-collection"
    ? ` The longest time was at ${location}.`
    : ` It was in a call of native code that ended right before ${location}.`;
}

import type { CodeLine, Diagnosis, DiagnosisName, WorkerThread } from "./diagnosis.ts";
import { inWords, rounded, times } from "./numbers.ts";
import { shownPlace } from "./own-code.ts";
import { alsoAt, Sites } from "./sites.ts";
import { type Blockage, collectingMs, heldMs, isComputing, isOthers } from "./watch-loop.ts";

type Name = Extract<
  DiagnosisName,
  "loop-blocked-by-waiting" | "loop-blocked-by-cpu" | "cpu-behind-a-promise" | "garbage-collection"
>;

/** A part of a blockage, which has a cause of its own. */
interface Part {
  readonly name: Name;
  readonly ms: number;
  readonly cpuMs: number;
}

/** Blockages of one kind by one cause. */
interface Group {
  readonly id: string;
  readonly name: Name;
  /** None when no line was seen. */
  readonly sites: Sites;
  readonly package: string | undefined;
  readonly count: number;
  readonly totalMs: number;
  readonly longestMs: number;
  readonly cpuMs: number;
  /** What came after the longest, if that is all that was seen. */
  readonly next: CodeLine | undefined;
  /** For how long it stood still in the same way while no line was seen. */
  readonly unseenMs: number;
  readonly collections: number;
  /** The largest that the heap was after one of them. */
  readonly heapBytes: number;
}

/** A line that blocked for less in all is not worth a word, in milliseconds. */
const leastMs = 100;
/** Where nothing was seen, it may be many short pieces of work that came together. */
const leastUnseenMs = 500;
/** A smaller part of a blockage is not worth a word, beside the larger one, in milliseconds. */
const leastPartMs = 40;

/** A collection that takes as long has much to do that lives on, in milliseconds. */
const leastCollectionMs = 5;

const causes: Record<Name, { readonly why: string; readonly nextStep: string }> = {
  "loop-blocked-by-waiting": {
    why: "while its thread waited",
    nextStep:
      "Await an asynchronous call there; if there is none, make this one in a pool of worker threads for calls that block.",
  },
  "loop-blocked-by-cpu": {
    why: "while its thread computed",
    nextStep: "Compute that in a pool of worker threads, a thread a core.",
  },
  "cpu-behind-a-promise": {
    why: "while its thread computed behind a promise, which is no thread",
    nextStep:
      "Compute that in a pool of worker threads, a thread a core: async and promises only help with what waits.",
  },
  "garbage-collection": {
    why: "while V8 collected garbage, and not by the program's own computing",
    nextStep:
      "Keep less in memory (what lives on is what a collection takes its time for), and make less at a time: bound caches, read in parts.",
  },
};

/** Sums up blockages, however many. */
export class BlockageTally {
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
    // A collection comes when it comes, and the line where it does is not its cause.
    const id =
      isGarbage || line === undefined
        ? name
        : `${name} ${cause?.id ?? `${line.file}:${line.line}:${line.beginsAt}`}`;
    const { count, totalMs, longestMs, ...before } = this.#groups.get(id) ?? none;
    const following = isGarbage ? (line ?? next) : next;
    const sites = this.#groups.get(id)?.sites ?? new Sites();
    if (line !== undefined && !isGarbage) {
      sites.add(line, ms);
    }
    this.#groups.set(id, {
      id,
      name,
      sites,
      package: isGarbage ? undefined : cause?.package,
      count: count + 1,
      totalMs: totalMs + ms,
      longestMs: Math.max(longestMs, ms),
      cpuMs: before.cpuMs + cpuMs,
      next: ms > longestMs ? (following ?? before.next) : (before.next ?? following),
      unseenMs: 0,
      collections: before.collections + garbage.collections,
      heapBytes: Math.max(before.heapBytes, garbage.heapBytes),
    });
  }

  /**
   * One per kind and cause that blocked for long enough; what took longest is first.
   *
   * @param thread whose event loop it was; undefined for the main thread's
   */
  diagnoses(thread?: WorkerThread): Diagnosis[] {
    return withUnseen([...this.#groups.values()])
      .filter(
        ({ name, totalMs, sites, next }) =>
          totalMs >=
          ((sites.read()[0] ?? next) || name === "garbage-collection" ? leastMs : leastUnseenMs),
      )
      .sort((a, b) => b.totalMs - a.totalMs)
      .map((group) => toDiagnosis(group, thread));
  }
}

/**
 * Where a line was seen for one part of the blockages of a kind, the other part is most likely the same
 * cause before anybody looked closer: that is no finding of its own.
 */
function withUnseen(groups: readonly Group[]): Group[] {
  const isSeen = ({ sites }: Group) => sites.read().length > 0;
  const seen = groups.filter(isSeen).sort((a, b) => b.totalMs - a.totalMs);
  return groups.flatMap((group) => {
    if (group.name === "garbage-collection") {
      return [group];
    }
    const [worst] = seen.filter((one) => isWaiting(one) === isWaiting(group));
    if (!isSeen(group)) {
      return worst === undefined ? [group] : [];
    }
    const unseen = groups.filter(
      (one) =>
        !isSeen(one) && one.name !== "garbage-collection" && isWaiting(one) === isWaiting(group),
    );
    const unseenMs = unseen.reduce((sum, { totalMs }) => sum + totalMs, 0);
    return [group === worst ? { ...group, unseenMs } : group];
  });
}

function isWaiting({ name }: Group): boolean {
  return name === "loop-blocked-by-waiting";
}

const none = {
  count: 0,
  totalMs: 0,
  longestMs: 0,
  cpuMs: 0,
  next: undefined,
  unseenMs: 0,
  collections: 0,
  heapBytes: 0,
} as const;

/** What collected garbage and what the program did: the larger of the two, and the other if it is large. */
function partsOf(blockage: Blockage): Part[] {
  const { garbage } = blockage;
  // Many short collections are those of what computes: it is its garbage, and little of it lives on.
  const isOwnGarbage = garbage.ms < leastCollectionMs * garbage.collections;
  const garbageMs = isOwnGarbage ? 0 : collectingMs(blockage);
  const ms = heldMs(blockage) - garbageMs;
  const cpuMs = Math.max(0, blockage.cpuMs - garbageMs);
  const parts: Part[] = [
    { name: nameOf(blockage), ms, cpuMs },
    { name: "garbage-collection", ms: garbageMs, cpuMs: blockage.cpuMs - cpuMs },
  ];
  const larger = Math.max(ms, garbageMs);
  return parts.filter((part) => part.ms === larger || part.ms >= leastPartMs);
}

function nameOf(blockage: Blockage): Name {
  if (!isComputing(blockage)) {
    return "loop-blocked-by-waiting";
  }
  return blockage.isAsync ? "cpu-behind-a-promise" : "loop-blocked-by-cpu";
}

function toDiagnosis(group: Group, thread: WorkerThread | undefined): Diagnosis {
  const { id, name, sites, count, totalMs, longestMs, cpuMs, collections, heapBytes } = group;
  const { why, nextStep } = causes[name];
  const [worst, ...otherLines] = sites.read();
  const howLong =
    count === 1
      ? `for ${inWords(totalMs)}`
      : `${times(count)}, for ${inWords(longestMs)} at the longest and ${inWords(totalMs)} in all,`;
  const heapMb = heapBytes / 1e6;
  const evidence =
    name === "garbage-collection"
      ? `${collections} collections, ${Math.round(heapMb)} MB in use after one`
      : `${inWords(cpuMs)} of CPU`;
  return {
    name,
    finding: `The event loop${ofThread(thread)} stood still ${howLong} ${why} (${evidence}).${where(group)}${alsoAt(otherLines)}${unseen(group)}`,
    id: thread === undefined ? id : `${thread.file} ${id}`,
    ...(thread === undefined ? {} : { thread }),
    ...(worst === undefined ? {} : { line: worst.line }),
    ...(otherLines.length === 0 ? {} : { otherLines }),
    nextStep,
    numbers: {
      blockages: count,
      blocked_ms: rounded(totalMs),
      longest_ms: rounded(longestMs),
      cpu_ms: rounded(cpuMs),
      ...(group.unseenMs === 0 ? {} : { unseen_ms: rounded(group.unseenMs) }),
      ...(name === "garbage-collection" ? { collections, heap_mb: rounded(heapMb) } : {}),
    },
  };
}

function unseen({ unseenMs }: Group): string {
  return unseenMs === 0 ? "" : ` For ${inWords(unseenMs)} more no line was seen.`;
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
  const place = `${shownPlace(next)} (${next.what})`;
  return name === "garbage-collection"
    ? ` The longest time was at ${place}.`
    : ` It was in a call of native code that ended right before ${place}.`;
}

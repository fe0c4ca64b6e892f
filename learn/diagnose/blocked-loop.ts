import type { CodeLine, Diagnosis, DiagnosisName } from "./diagnosis.ts";
import { inWords, rounded, times } from "./numbers.ts";
import { type Blockage, isComputing } from "./watch-loop.ts";

type Name = Extract<
  DiagnosisName,
  "loop-blocked-by-waiting" | "loop-blocked-by-cpu" | "cpu-behind-a-promise"
>;

/** Blockages of one kind by one line. */
interface Group {
  readonly name: Name;
  readonly line: CodeLine | undefined;
  readonly count: number;
  readonly totalMs: number;
  readonly longestMs: number;
  readonly cpuMs: number;
  /** What came after the longest, if that is all that was seen. */
  readonly next: CodeLine | undefined;
}

/** A line that blocked for less in all is not worth a word, in milliseconds. */
const leastMs = 100;
/** Where nothing was seen, it may be many short pieces of work that came together. */
const leastUnseenMs = 500;

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
};

/** Sums up blockages, however many. */
export class BlockageTally {
  readonly #groups = new Map<string, Group>();

  add(blockages: readonly Blockage[]): void {
    for (const blockage of blockages) {
      const { line, ms, cpuMs, next } = blockage;
      const name = nameOf(blockage);
      const key = `${name} ${line?.file}:${line?.line}`;
      const { count, totalMs, longestMs, ...before } = this.#groups.get(key) ?? none;
      this.#groups.set(key, {
        name,
        line,
        count: count + 1,
        totalMs: totalMs + ms,
        longestMs: Math.max(longestMs, ms),
        cpuMs: before.cpuMs + cpuMs,
        next: ms > longestMs ? (next ?? before.next) : (before.next ?? next),
      });
    }
  }

  /** One a kind and line that blocked for long enough; what took longest is first. */
  diagnoses(): Diagnosis[] {
    return [...this.#groups.values()]
      .filter(({ totalMs, line, next }) => totalMs >= ((line ?? next) ? leastMs : leastUnseenMs))
      .sort((a, b) => b.totalMs - a.totalMs)
      .map(toDiagnosis);
  }
}

const none = { count: 0, totalMs: 0, longestMs: 0, cpuMs: 0, next: undefined } as const;

function nameOf(blockage: Blockage): Name {
  if (!isComputing(blockage)) {
    return "loop-blocked-by-waiting";
  }
  return blockage.isAsync ? "cpu-behind-a-promise" : "loop-blocked-by-cpu";
}

function toDiagnosis({ name, line, count, totalMs, longestMs, cpuMs, next }: Group): Diagnosis {
  const { why, nextStep } = causes[name];
  const howLong =
    count === 1
      ? `for ${inWords(totalMs)}`
      : `${times(count)}, for ${inWords(longestMs)} at the longest and ${inWords(totalMs)} in all,`;
  const where = next
    ? ` It was in a call of native code that ended right before ${next.file}:${next.line} (${next.what}).`
    : "";
  return {
    name,
    finding: `The event loop stood still ${howLong} ${why} (${inWords(cpuMs)} of CPU).${where}`,
    ...(line === undefined ? {} : { line }),
    nextStep,
    numbers: {
      blockages: count,
      blocked_ms: rounded(totalMs),
      longest_ms: rounded(longestMs),
      cpu_ms: rounded(cpuMs),
    },
  };
}

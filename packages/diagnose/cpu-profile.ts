import { type SyncCPUProfileHandle, startCpuProfile } from "node:v8";
import { monotonicMs } from "@unblock/measure/clock";
import { type Frame, type Stack, toFile } from "./stack.ts";

/** V8's profile, as far as it is read. Times are in microseconds. */
interface ProfileData {
  readonly nodes: readonly ProfileNode[];
  /** The lower 32 bits of the monotonic clock, which wrap around every 72 minutes. */
  readonly startTime: number;
  readonly endTime: number;
  /** Ids of nodes. */
  readonly samples: readonly number[];
  /** Time between each sample and the one before it. */
  readonly timeDeltas: readonly number[];
}

interface ProfileNode {
  readonly id: number;
  /** Lines and columns are from 0. */
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
  readonly children?: readonly number[];
  /** For a native function, the lines that call it. */
  readonly positionTicks?: readonly { readonly line: number; readonly ticks: number }[];
}

export interface Sample {
  /** On the monotonic clock. */
  readonly atMs: number;
  /** Id of a stack, which many samples share. */
  readonly node: number;
}

/** A V8 CPU profile, which names the line even while the thread is blocked and computes nothing. */
export class CpuProfile {
  readonly samples: readonly Sample[];
  readonly #nodes: ReadonlyMap<number, ProfileNode>;
  readonly #parents = new Map<number, number>();

  /**
   * @param json V8's profile
   * @param endedMs end of the profile on the monotonic clock
   */
  constructor(json: string, endedMs: number) {
    const { nodes, startTime, endTime, samples, timeDeltas } = parseProfile(json);
    this.#nodes = new Map(nodes.map((node) => [node.id, node]));
    for (const { id, children = [] } of nodes) {
      for (const child of children) {
        this.#parents.set(child, id);
      }
    }
    let atUs = endedMs * 1_000 - ((endTime - startTime) >>> 0);
    this.samples = samples.map((node, index) => {
      atUs += timeDeltas[index] ?? 0;
      return { atMs: atUs / 1_000, node };
    });
  }

  stackOf(id: number): Stack {
    const frames: Frame[] = [];
    let line: number | undefined;
    for (let next: number | undefined = id; next !== undefined; next = this.#parents.get(next)) {
      const node = this.#nodes.get(next);
      if (node === undefined || node.callFrame.functionName === "(root)") {
        break;
      }
      const hottest = hottestLine(node);
      const isInnermost = frames.length === 0;
      const isNative = node.callFrame.url === "";
      frames.push(toFrame(node, isInnermost && !isNative ? hottest : line, hottest));
      // The ticks of a native function are at the lines that call it.
      line = isInnermost && isNative ? hottest : undefined;
    }
    return frames;
  }
}

/** A profile that can be read while it runs. */
export class RunningProfile {
  readonly #sampleInterval: number;
  #handle: SyncCPUProfileHandle;

  constructor(sampleMs: number) {
    this.#sampleInterval = sampleMs;
    this.#handle = startCpuProfile({ sampleInterval: sampleMs });
  }

  /** The profile since the last call. */
  take(): CpuProfile {
    // When the first profile begins, V8 walks through the whole heap, which takes seconds if the heap is large.
    // It does not when a profile begins while another runs, so one always runs.
    const old = this.#handle;
    this.#handle = startCpuProfile({ sampleInterval: this.#sampleInterval });
    return new CpuProfile(old.stop(), monotonicMs());
  }

  close(): void {
    this.#handle[Symbol.dispose]();
  }
}

// V8 names the code of a regular expression by its source, without escaping it: quotes and backslashes in it
// make the profile invalid JSON.
const regularExpression = /(?<="functionName":"RegExp): .*?(?=","(?:lineNumber|scriptId)":)/g;

function parseProfile(json: string): ProfileData {
  return JSON.parse(json.replaceAll(regularExpression, ""));
}

function toFrame(
  { callFrame: { functionName, url, lineNumber, columnNumber } }: ProfileNode,
  line: number | undefined,
  nearLine: number | undefined,
): Frame {
  return {
    name: functionName === "(anonymous)" ? "" : functionName,
    file: toFile(url),
    line,
    column: undefined,
    nearLine,
    // -1 for functions that ran already when the profile began, such as the body of a module.
    begins: { line: Math.max(0, lineNumber) + 1, column: Math.max(0, columnNumber) + 1 },
  };
}

function hottestLine({ positionTicks = [] }: ProfileNode): number | undefined {
  const ticks = new Map<number, number>();
  for (const { line, ticks: more } of positionTicks) {
    ticks.set(line, (ticks.get(line) ?? 0) + more);
  }
  return [...ticks].sort(([, a], [, b]) => b - a)[0]?.[0];
}

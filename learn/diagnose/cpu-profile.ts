import { type SyncCPUProfileHandle, startCpuProfile } from "node:v8";
import { monotonicMs } from "../../registry/clock.ts";
import { type Frame, type Stack, toFile } from "./stack.ts";

/** What V8 gives, as far as it is read. Times are in microseconds. */
interface ProfileData {
  readonly nodes: readonly ProfileNode[];
  /** On the monotonic clock, and its lower 32 bits only, so that it begins anew every 72 minutes. */
  readonly startTime: number;
  readonly endTime: number;
  /** The id of a node each. */
  readonly samples: readonly number[];
  /** The time between a sample and the one before it. */
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
  /** Of a native function they are the lines that call it. */
  readonly positionTicks?: readonly { readonly line: number; readonly ticks: number }[];
}

export interface Sample {
  /** On the monotonic clock. */
  readonly atMs: number;
  /** Names a stack; many samples have the same one. */
  readonly node: number;
}

/** A V8 CPU profile: it names the line also while the thread is blocked and computes nothing. */
export class CpuProfile {
  readonly samples: readonly Sample[];
  readonly #nodes: ReadonlyMap<number, ProfileNode>;
  readonly #parents = new Map<number, number>();

  /**
   * @param json as V8 gives it
   * @param endedMs when it ended, on the monotonic clock
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

/** A profile that goes on, and can be looked at meanwhile. */
export class RunningProfile {
  readonly #sampleInterval: number;
  #handle: SyncCPUProfileHandle;

  constructor(sampleMs: number) {
    this.#sampleInterval = sampleMs;
    this.#handle = startCpuProfile({ sampleInterval: sampleMs });
  }

  /** What was profiled since the last time. */
  take(): CpuProfile {
    // The first profile makes V8 walk through the whole heap: seconds, if it is large. One that begins
    // while another runs does not, so there always is one.
    const old = this.#handle;
    this.#handle = startCpuProfile({ sampleInterval: this.#sampleInterval });
    return new CpuProfile(old.stop(), monotonicMs());
  }

  close(): void {
    this.#handle[Symbol.dispose]();
  }
}

// V8 names what a regular expression was compiled to by its source, and writes that as it is: with quotes
// and backslashes the whole is no JSON.
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
    // -1 for what ran already when the profile began, such as the body of a module.
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

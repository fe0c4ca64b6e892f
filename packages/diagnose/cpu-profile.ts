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

/** A V8 CPU profile, which names the line even while the thread is blocked and computes nothing. */
interface CpuProfile {
  /** Each with its time on the monotonic clock and the id of its stack, which many samples share. */
  readonly samples: readonly { readonly atMs: number; readonly node: number }[];
  stackOf(node: number): Stack;
}

// V8 names the code of a regular expression by its source, without escaping it: quotes and backslashes in it
// make the profile invalid JSON.
const regularExpression = /(?<="functionName":"RegExp): .*?(?=","(?:lineNumber|scriptId)":)/g;

/**
 * @param json V8's profile
 * @param endedMs end of the profile on the monotonic clock
 */
export function readProfile(json: string, endedMs: number): CpuProfile {
  const data: ProfileData = JSON.parse(json.replaceAll(regularExpression, ""));
  const nodes = new Map(data.nodes.map((node) => [node.id, node]));
  const parents = new Map<number, number>();
  for (const { id, children = [] } of data.nodes) {
    for (const child of children) {
      parents.set(child, id);
    }
  }
  const stacks = new Map<number, Stack>();
  let atUs = endedMs * 1_000 - ((data.endTime - data.startTime) >>> 0);
  return {
    samples: data.samples.map((node, index) => {
      atUs += data.timeDeltas[index] ?? 0;
      return { atMs: atUs / 1_000, node };
    }),
    stackOf: (id) => {
      const known = stacks.get(id);
      if (known !== undefined) {
        return known;
      }
      const path: ProfileNode[] = [];
      for (let node = nodes.get(id); node; node = nodes.get(parents.get(node.id) ?? -1)) {
        path.push(node);
      }
      const stack = toStack(path);
      stacks.set(id, stack);
      return stack;
    },
  };
}

/** @param path a node and its parents */
function toStack(path: readonly ProfileNode[]): Stack {
  return path
    .filter(({ callFrame }) => callFrame.functionName !== "(root)")
    .map((node, index): Frame => {
      const { functionName, url, lineNumber, columnNumber } = node.callFrame;
      const hottest = hottestLine(node);
      const inner = path[0];
      // The ticks of a native function are at the lines that call it.
      const callsInner = index === 1 && inner?.callFrame.url === "";
      const isHere = index === 0 && url !== "";
      return {
        name: functionName === "(anonymous)" ? "" : functionName,
        file: toFile(url),
        line: isHere ? hottest : callsInner ? hottestLine(inner) : undefined,
        nearLine: hottest,
        // -1 for functions that ran already when the profile began, such as the body of a module.
        begins: { line: Math.max(0, lineNumber) + 1, column: Math.max(0, columnNumber) + 1 },
      };
    });
}

function hottestLine({ positionTicks = [] }: ProfileNode): number | undefined {
  const ticks = new Map<number, number>();
  for (const { line, ticks: more } of positionTicks) {
    ticks.set(line, (ticks.get(line) ?? 0) + more);
  }
  return [...ticks].sort(([, a], [, b]) => b - a)[0]?.[0];
}

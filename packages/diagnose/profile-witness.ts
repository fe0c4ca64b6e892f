import type { Profiler } from "node:inspector";
import { getHeapStatistics, type SyncCPUProfileHandle, startCpuProfile } from "node:v8";
import { monotonicMs } from "@unblock/measure/clock";
import { Votes } from "./point-to.ts";
import { type Frame, isOwnCode, type OwnCode, type Stack, toFile } from "./stack.ts";
import { type Blockage, collectingMs, type Evidence, heldMs, type Witness } from "./watch-loop.ts";

/** V8's name of garbage collection among functions. */
const garbageCollector = "(garbage collector)";

/**
 * Sees what holds the thread by a V8 CPU profile, which misses nothing, also no native call, and costs a busy server
 * 5 to 15 % of its throughput. Its signals interrupt sleeps of the C library, so SQLite gives up on a locked database
 * before its timeout.
 */
export class ProfileWitness implements Witness {
  readonly #isOwn: OwnCode;
  readonly #sampleMs: number;
  #handle: SyncCPUProfileHandle;

  constructor(isOwn: OwnCode, sampleMs: number) {
    this.#isOwn = isOwn;
    this.#sampleMs = sampleMs;
    this.#handle = startCpuProfile({ sampleInterval: sampleMs });
  }

  take(): Evidence {
    // When the first profile begins, V8 walks through the whole heap, which takes seconds if the heap is large.
    // It does not when a profile begins while another runs, so one always runs.
    const old = this.#handle;
    this.#handle = startCpuProfile({ sampleInterval: this.#sampleMs });
    const profile = readProfile(old.stop(), monotonicMs());
    return {
      heldBetween: (beganMs, endedMs) => {
        const votes = new Votes(this.#isOwn);
        let beforeMs = beganMs;
        for (const { atMs, node } of profile.samples) {
          if (atMs > beganMs && atMs <= endedMs) {
            const stack = profile.stackOf(node);
            // A thread without a core is not sampled, and the next sample did not last as long.
            const ms = Math.min(atMs - beforeMs, 2 * this.#sampleMs);
            if (stack[0]?.name !== garbageCollector) {
              votes.add(stack, ms);
            }
            beforeMs = atMs;
          }
        }
        return votes.winner();
      },
    };
  }

  close(): void {
    this.#handle[Symbol.dispose]();
  }
}

const occasionalSampleMs = 10;
/** Unattributed block time that triggers a profile, in milliseconds. */
const triggerMs = 100;
/** Duration of a profile: what blocks a service comes again soon. */
const profileMs = 10_000;
/** Minimum time from the beginning of one profile to that of the next. */
const intervalMs = 60_000;
/** When a profile begins, V8 walks through the heap, which takes some 3 ms per megabyte. */
const beginMsPerByte = 3e-6;
/** Minimum ratio of unattributed block time to that time. */
const minBenefit = 3;

/** Runs a profile after something blocked the loop that no other witness saw. */
export class OccasionalProfile implements Witness {
  #running: ProfileWitness | undefined;
  #timer: NodeJS.Timeout | undefined;
  #unseenMs = 0;
  #nextMs = 0;

  /**
   * Counts the time of blockages whose line is unknown, and begins a profile when there is enough of it.
   *
   * @returns whether a profile has begun, which itself holds the loop for a moment
   */
  beginIfUseful(blockages: readonly Blockage[]): boolean {
    for (const blockage of blockages) {
      if (blockage.line === undefined) {
        // A collection is recognised without a profile.
        this.#unseenMs += heldMs(blockage) - collectingMs(blockage);
      }
    }
    const nowMs = monotonicMs();
    const isDue =
      this.#running === undefined && this.#unseenMs >= triggerMs && nowMs >= this.#nextMs;
    const beginMs = isDue ? beginMsPerByte * getHeapStatistics().used_heap_size : 0;
    if (!isDue || this.#unseenMs < minBenefit * beginMs) {
      return false;
    }
    this.#unseenMs = 0;
    this.#running = new ProfileWitness(isOwnCode, occasionalSampleMs);
    this.#timer = setTimeout(() => this.close(), profileMs).unref();
    this.#nextMs = nowMs + intervalMs;
    return true;
  }

  take(): Evidence | undefined {
    return this.#running?.take();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#running?.close();
    this.#running = undefined;
  }
}

// V8 names the code of a regular expression by its source, without escaping it: quotes and backslashes in it
// make the profile invalid JSON.
const regularExpression = /(?<="functionName":"RegExp): .*?(?=","(?:lineNumber|scriptId)":)/g;

/**
 * Reads a V8 CPU profile, which names the line even while the thread is blocked and computes nothing.
 *
 * @param json V8's profile
 * @param endedMs end of the profile on the monotonic clock
 */
export function readProfile(json: string, endedMs: number) {
  const data: Profiler.Profile = JSON.parse(json.replaceAll(regularExpression, ""));
  const { samples = [], timeDeltas = [] } = data;
  const nodes = new Map(data.nodes.map((node) => [node.id, node]));
  const parents = new Map(
    data.nodes.flatMap((node) => node.children?.map((child) => [child, node] as const) ?? []),
  );
  const stacks = new Map<number, Stack>();
  // In microseconds, of which V8 has the lower 32 bits: they wrap around every 72 minutes.
  let atUs = endedMs * 1_000 - ((data.endTime - data.startTime) >>> 0);
  return {
    /** Each with its time on the monotonic clock and the id of its stack, which many samples share. */
    samples: samples.map((node, index) => {
      atUs += timeDeltas[index] ?? 0;
      return { atMs: atUs / 1_000, node };
    }),
    stackOf: (id: number): Stack =>
      stacks.getOrInsertComputed(id, () => {
        const path: Profiler.ProfileNode[] = [];
        for (let node = nodes.get(id); node; node = parents.get(node.id)) {
          path.push(node);
        }
        return toStack(path);
      }),
  };
}

/** @param path a node and its parents */
function toStack(path: readonly Profiler.ProfileNode[]): Stack {
  return path
    .filter(({ callFrame }) => callFrame.functionName !== "(root)")
    .map((node, index): Frame => {
      // Lines and columns are from 0.
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

function hottestLine({ positionTicks = [] }: Profiler.ProfileNode): number | undefined {
  const ticks = new Map<number, number>();
  for (const { line, ticks: more } of positionTicks) {
    ticks.set(line, ticks.getOrInsert(line, 0) + more);
  }
  return [...ticks].sort(([, a], [, b]) => b - a)[0]?.[0];
}

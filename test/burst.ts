import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import type { JsonValue } from "@bufbuild/protobuf";
import type { Reply, TestServer } from "./test-server.ts";

/** Maximum count of bursts until one overlaps. */
const maxAttempts = 10;

export interface BurstPlan {
  readonly rpc: string;
  readonly strategy: string;
  readonly calls: number;
  /** Makes the request of call `n`, from 1. */
  readonly request: (n: number) => JsonValue;
}

/** Fires the calls at once. */
export function fireAtOnce(server: TestServer, plan: BurstPlan): Promise<Reply[]> {
  return Promise.all(
    Array.from({ length: plan.calls }, (_, index) =>
      server.call(plan.rpc, plan.request(index + 1), { strategy: plan.strategy }),
    ),
  );
}

/**
 * Fires bursts until `overlap()` returns `wanted`, up to 10 times: on a busy machine the calls of a burst may arrive
 * too far apart to overlap. Work that cannot overlap never does.
 *
 * @returns responses and overlap of the last burst
 */
export async function fireUntilOverlap(
  server: TestServer,
  plan: BurstPlan,
  overlap: () => Promise<number>,
  wanted: number,
): Promise<{ replies: Reply[]; most: number }> {
  for (let attempt = 1; ; attempt++) {
    await server.restartWindow();
    const replies = await fireAtOnce(server, plan);
    const most = await overlap();
    if (most === wanted || attempt === maxAttempts) {
      return { replies, most };
    }
  }
}

export interface SteadyCalls {
  /** Count of the calls that have succeeded. */
  readonly answered: number;
  /** Stops, and resolves with the messages of the calls that failed. */
  stop(): Promise<string[]>;
}

/**
 * Makes calls one after another in each of several lanes, until it is stopped.
 *
 * @param spreadMs time over which the starts of the lanes are spread, so that some call is always in progress
 */
export function callSteadily(
  lanes: number,
  spreadMs: number,
  call: () => Promise<unknown>,
): SteadyCalls {
  const failures: string[] = [];
  let answered = 0;
  let isStopped = false;
  const lane = async (index: number) => {
    await sleep((index * spreadMs) / lanes);
    while (!isStopped) {
      try {
        await call();
        answered++;
      } catch (error) {
        failures.push(String(error));
      }
      await nextTurn();
    }
  };
  const ended = Promise.all(Array.from({ length: lanes }, (_, index) => lane(index)));
  return {
    get answered() {
      return answered;
    },
    stop: async () => {
      isStopped = true;
      await ended;
      return failures;
    },
  };
}

import type { JsonValue } from "@bufbuild/protobuf";
import type { Reply, TestServer } from "./test-server.ts";

/** How often a burst is fired again before it counts as one that does not overlap. */
const attempts = 10;

export interface BurstPlan {
  readonly rpc: string;
  readonly strategy: string;
  readonly calls: number;
  /** The request of call `n`, from 1. */
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
 * Fires a burst until `overlap()` says `wanted`, a few times at most, and gives the last burst's
 * replies: on a busy machine the calls of a burst may arrive too far apart to meet. Work that cannot
 * overlap never gets there, however often it is tried.
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
    if (most === wanted || attempt === attempts) {
      return { replies, most };
    }
  }
}

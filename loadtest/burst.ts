import { monotonicMs } from "../registry/clock.ts";
import type { Bystander } from "./bystander.ts";
import { type CallRecord, recordCall } from "./call-record.ts";
import type { CallResult, Send } from "./drivers/driver.ts";

export interface Burst {
  /** From the first send to the last reply, in milliseconds. */
  readonly wallMs: number;
  readonly calls: readonly CallRecord[];
  /** The bystander's latencies meanwhile, in milliseconds. */
  readonly bystanderMs: readonly number[];
}

/** Sends all calls at once, and lets a bystander call all the while. */
export async function fireBurst(sends: readonly Send[], bystander: Bystander): Promise<Burst> {
  bystander.start();
  const originMs = monotonicMs();
  const calls = await Promise.all(
    sends.map(async (send) => {
      const sentMs = monotonicMs() - originMs;
      const result = await new Promise<CallResult>(send);
      return recordCall(result, originMs, sentMs, monotonicMs() - originMs);
    }),
  );
  const wallMs = Math.max(...calls.map(({ endedMs }) => endedMs));
  return { wallMs, calls, bystanderMs: await bystander.stop() };
}

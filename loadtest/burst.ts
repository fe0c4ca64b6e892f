import { monotonicMs } from "../registry/clock.ts";
import type { Bystander, BystanderCall } from "./bystander.ts";
import { type CallRecord, recordCall } from "./call-record.ts";
import type { CallResult, Send } from "./drivers/driver.ts";

export interface Burst {
  /** Time of the first send, on the machine's monotonic clock. */
  readonly originMs: number;
  /** From the first send to the last response. */
  readonly wallMs: number;
  readonly calls: readonly CallRecord[];
  /** Latencies of the probe during the burst. */
  readonly bystanderMs: readonly number[];
}

/** Receives the events of a burst. */
export interface BurstWatch {
  /** @param originMs time of the first send, on the machine's monotonic clock */
  began(originMs: number): void;
  /** @param index number of the call, from 0 */
  call(index: number, record: CallRecord): void;
  /** @param call its intended moment is relative to the first send */
  bystander(call: BystanderCall): void;
}

/** Sends all calls at once while the probe runs. */
export async function fireBurst(
  sends: readonly Send[],
  bystander: Bystander,
  watch?: BurstWatch,
): Promise<Burst> {
  let originMs = 0;
  bystander.start(({ intendedMs, latencyMs }) =>
    watch?.bystander({ intendedMs: intendedMs - originMs, latencyMs }),
  );
  originMs = monotonicMs();
  watch?.began(originMs);
  const calls = await Promise.all(
    sends.map(async (send, index) => {
      const sentMs = monotonicMs() - originMs;
      const result = await new Promise<CallResult>(send);
      const record = recordCall(result, originMs, sentMs, monotonicMs() - originMs);
      watch?.call(index, record);
      return record;
    }),
  );
  const wallMs = Math.max(...calls.map(({ endedMs }) => endedMs));
  return { originMs, wallMs, calls, bystanderMs: await bystander.stop() };
}

import { monotonicMs } from "@unblock/measure/clock";
import { type CallRecord, recordCall } from "./call-record.ts";
import type { CallResult, Send } from "./drivers/driver.ts";
import type { Probe, ProbeCall } from "./probe.ts";

export interface Burst {
  /** Time of the first send, on the machine's monotonic clock. */
  readonly originMs: number;
  /** From the first send to the last response. */
  readonly wallMs: number;
  readonly calls: readonly CallRecord[];
  /** Latencies of the probe during the burst. */
  readonly probeMs: readonly number[];
}

/** Receives the events of a burst. */
export interface BurstWatch {
  /** @param originMs time of the first send, on the machine's monotonic clock */
  began(originMs: number): void;
  /** @param index number of the call, from 0 */
  call(index: number, record: CallRecord): void;
  /** @param call its intended moment is relative to the first send */
  probe(call: ProbeCall): void;
}

/** Sends all calls at once while the probe runs. */
export async function fireBurst(
  sends: readonly Send[],
  probe: Probe,
  watch?: BurstWatch,
): Promise<Burst> {
  let originMs = 0;
  probe.start(({ intendedMs, latencyMs }) =>
    watch?.probe({ intendedMs: intendedMs - originMs, latencyMs }),
  );
  originMs = monotonicMs();
  watch?.began(originMs);
  const calls = await Promise.all(
    sends.map(async (send, index) => {
      const sentMs = monotonicMs() - originMs;
      const result = await new Promise<CallResult>((done) => send(done));
      const record = recordCall(result, originMs, sentMs, monotonicMs() - originMs);
      watch?.call(index, record);
      return record;
    }),
  );
  const wallMs = Math.max(...calls.map(({ endedMs }) => endedMs));
  return { originMs, wallMs, calls, probeMs: await probe.stop() };
}

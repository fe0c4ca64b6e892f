import { fromJsonString } from "@bufbuild/protobuf";
import { monotonicMs } from "@unblock/measure/clock";
import type { Exercise } from "@unblock/proto/exercises";
import { createDriver } from "./drivers/create-driver.ts";
import type { CallResult, Send } from "./drivers/driver.ts";
import { readServedCall, type ServedCall } from "./drivers/response.ts";
import { createProbe, type Probe, type ProbeCall } from "./probe.ts";
import { warmUp } from "./warm-up.ts";

/** One call of a burst. Times are in milliseconds since the first send. */
export interface CallRecord extends ServedCall {
  readonly sentMs: number;
  readonly endedMs: number;
  readonly code: string;
  readonly message: string;
}

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
      const { code, message, header } = await new Promise<CallResult>((done) => send(done));
      const endedMs = monotonicMs() - originMs;
      const record = { sentMs, endedMs, code, message, ...readServedCall(header, originMs) };
      watch?.call(index, record);
      return record;
    }),
  );
  const wallMs = Math.max(...calls.map(({ endedMs }) => endedMs));
  return { originMs, wallMs, calls, probeMs: await probe.stop() };
}

/** Cooldown before each burst, in which the server's event loop becomes idle. */
export const cooldownMs = 20;

/** Fires bursts at a server on this machine, with the probe in its own thread. */
export type BurstClient = Awaited<ReturnType<typeof openBurstClient>>;

/**
 * Connects and warms up the code of both sides.
 *
 * @param callTimeoutMs deadline of each call; 0 for none
 */
export async function openBurstClient(baseUrl: string, callTimeoutMs: number) {
  const driver = createDriver({ baseUrl, protocol: "grpc", tls: { insecure: true } });
  const [probe] = await Promise.all([createProbe(baseUrl), driver.connect()]);
  await warmUp(driver);
  return {
    /** Fires `calls` calls of an exercise at once. */
    fire: (
      { method, burst }: Exercise,
      strategy: string,
      calls: number,
      watch?: BurstWatch,
    ): Promise<Burst> => {
      const sends = Array.from({ length: calls }, (_, index) =>
        driver.prepare({
          method,
          request: fromJsonString(method.input, burst.requestJson(index + 1)),
          header: { "unblock-strategy": strategy },
          timeoutMs: callTimeoutMs,
        }),
      );
      return fireBurst(sends, probe, watch);
    },
    close: async (): Promise<void> => {
      driver.close();
      await probe.close();
    },
  };
}

import { create } from "@bufbuild/protobuf";
import { VitalsService } from "../gen/unblock/v1/vitals_pb.ts";
import type { CallResult, Driver } from "./drivers/driver.ts";

const bursts = 30;
const callsAtOnce = 50;

/**
 * Calls this project's server until its code and ours is compiled; before that a call takes several
 * times as long, whatever the call. Ping does no exercise's work.
 */
export async function warmUp(driver: Driver): Promise<void> {
  const { ping } = VitalsService.method;
  const send = driver.prepare({
    method: ping,
    request: create(ping.input),
    header: {},
    timeoutMs: 0,
  });
  for (let burst = 0; burst < bursts; burst++) {
    await Promise.all(Array.from({ length: callsAtOnce }, () => new Promise<CallResult>(send)));
  }
}

import { parentPort, workerData } from "node:worker_threads";
import { create } from "@bufbuild/protobuf";
import { PingRequestSchema, VitalsService } from "../gen/unblock/v1/vitals_pb.ts";
import { monotonicMs } from "../registry/clock.ts";
import type { BystanderData, BystanderMessage, BystanderRequest } from "./bystander.ts";
import { createDriver } from "./drivers/create-driver.ts";
import type { CallResult } from "./drivers/driver.ts";

/** The time between two calls, in milliseconds. */
const everyMs = 5;

const { baseUrl }: BystanderData = workerData;
const driver = createDriver({ baseUrl, protocol: "grpc", tls: { insecure: true } });
const ping = driver.prepare({
  method: VitalsService.method.ping,
  request: create(PingRequestSchema),
  header: {},
  timeoutMs: 0,
});

/** From this thread's clock to the machine's monotonic one, in milliseconds. */
const offsetMs = monotonicMs() - performance.now();
let calls: Promise<void>[] = [];
let timer: NodeJS.Timeout | undefined;

function say(message: BystanderMessage): void {
  parentPort?.postMessage(message);
}

async function call(intendedMs: number): Promise<void> {
  await new Promise<CallResult>(ping);
  say({ intendedMs: intendedMs + offsetMs, latencyMs: performance.now() - intendedMs });
}

parentPort?.on("message", async (request: BystanderRequest) => {
  if (request === "start") {
    const startedMs = performance.now();
    calls = [];
    // Each wake sends all that is due, since a timer can be late.
    const sendDue = () => {
      while (startedMs + calls.length * everyMs <= performance.now()) {
        calls.push(call(startedMs + calls.length * everyMs));
      }
    };
    sendDue();
    timer = setInterval(sendDue, 1);
  } else {
    clearInterval(timer);
    await Promise.all(calls);
    say("stopped");
  }
});

await driver.connect();
say("ready");

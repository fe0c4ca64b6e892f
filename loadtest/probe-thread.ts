import { parentPort, workerData } from "node:worker_threads";
import { create } from "@bufbuild/protobuf";
import { monotonicMs } from "@unblock/measure/clock";
import { PingRequestSchema, VitalsService } from "@unblock/proto/gen/vitals";
import { createDriver } from "./drivers/create-driver.ts";
import type { CallResult } from "./drivers/driver.ts";
import type { ProbeMessage, ProbeRequest } from "./probe.ts";

const intervalMs = 5;

const driver = createDriver({ baseUrl: workerData, protocol: "grpc", tls: { insecure: true } });
const ping = driver.prepare({
  method: VitalsService.method.ping,
  request: create(PingRequestSchema),
  header: {},
  timeoutMs: 0,
});

/** Offset from this thread's clock to the machine's monotonic clock. */
const offsetMs = monotonicMs() - performance.now();
let calls: Promise<void>[] = [];
let timer: NodeJS.Timeout | undefined;

function post(message: ProbeMessage): void {
  parentPort?.postMessage(message);
}

async function call(intendedMs: number): Promise<void> {
  await new Promise<CallResult>((done) => ping(done));
  post({ intendedMs: intendedMs + offsetMs, latencyMs: performance.now() - intendedMs });
}

parentPort?.on("message", async (request: ProbeRequest) => {
  if (request === "start") {
    const startedMs = performance.now();
    calls = [];
    // A timer may be late, so each wake-up sends all calls that are due.
    const sendDue = () => {
      while (startedMs + calls.length * intervalMs <= performance.now()) {
        calls.push(call(startedMs + calls.length * intervalMs));
      }
    };
    sendDue();
    timer = setInterval(sendDue, 1);
  } else {
    clearInterval(timer);
    await Promise.all(calls);
    post("stopped");
  }
});

await driver.connect();
post("ready");

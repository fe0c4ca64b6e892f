import { hash } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import { monotonicMs } from "@unblock/measure/clock";
import { fail } from "@unblock/terminal/process";
import { createDriver } from "../drivers/create-driver.ts";
import type { Driver } from "../drivers/driver.ts";
import { createRequests } from "../requests/requests.ts";
import { loadMethod } from "../target/target.ts";
import { rehearse, warmUp } from "../warm-up.ts";
import { createSelfWatch } from "./judge.ts";
import { type LoopRun, startClosedLoop, startOpenLoop } from "./loops.ts";
import {
  type DrainLimits,
  type FromThread,
  type LoadPlan,
  type Phase,
  shareOf,
  type ToThread,
} from "./plan.ts";
import { intervalMs, Recorder } from "./recorder.ts";
import { createRandom, createSchedule } from "./schedule.ts";
import { createSender } from "./sender.ts";

export interface LoadThreadData {
  readonly plan: LoadPlan;
  readonly drainLimits: DrainLimits;
  /** From 0. */
  readonly thread: number;
}

const pollIntervalMs = 20;

const { plan, drainLimits, thread }: LoadThreadData = workerData;
const port = parentPort ?? fail("Expected to run as a thread");
const post = (message: FromThread) => port.postMessage(message);

const { target, header, timeoutMs, threads } = plan;
const method = loadMethod(target.descriptorSet, target.service, target.method);
const connections = shareOf(plan.driver.connections, threads, thread);
const driver = createDriver({ ...plan.driver, connections });
const requests = createRequests(method, plan.rows);
const createSenderOf = (by: Driver, recorder: Recorder, seed: string) =>
  createSender({ driver: by, method, requests, header, timeoutMs, recorder, seed });
const selfWatch = createSelfWatch();
/** How long calls in progress may take after the last send. */
const drainMs = timeoutMs > 0 ? timeoutMs + intervalMs : drainLimits.withoutDeadlineMs;
let stop = () => {};

function run({ loop, startMs: originMs, claims, seed }: Phase): void {
  const startMs = originMs - (monotonicMs() - performance.now());
  const recorder = new Recorder({
    thread,
    startMs,
    originMs,
    open: loop.kind === "open",
    streaming: method.methodKind === "server_streaming",
    selfWatch,
    onInterval: (part) => post({ kind: "interval", part }),
  });
  const claimed = new Int32Array(claims);
  let allSent = false;
  let ended = false;
  let cancelMs = Number.POSITIVE_INFINITY;

  const end = () => {
    ended = true;
    clearInterval(ticker);
    running.stop();
    running.recordUnsent();
    recorder.cancelUnfinished();
    post({ kind: "ended", totals: recorder.finish(running.heldBack) });
  };
  const ticker = setInterval(() => {
    const nowMs = performance.now();
    recorder.closeIntervals(nowMs);
    const isDone = allSent && recorder.inProgress === 0;
    // Calls without a deadline could keep others from being sent forever.
    const isStuck = nowMs - Math.max(running.untilMs, recorder.lastEndMs) >= drainMs;
    if (isDone || isStuck || nowMs >= cancelMs) {
      end();
    }
  }, pollIntervalMs);
  const loopRun: LoopRun = {
    recorder,
    send: createSenderOf(driver, recorder, seed),
    startMs,
    connections,
    claim: () => Atomics.add(claimed, 0, 1) + 1,
    onAllSent: () => {
      allSent = true;
      cancelMs = Math.min(cancelMs, performance.now() + drainMs);
    },
  };
  const random = createRandom(hash("sha256", seed, "buffer").readUInt32BE());
  const running =
    loop.kind === "closed"
      ? startClosedLoop(loop, shareOf(loop.concurrency, threads, thread), loopRun)
      : startOpenLoop(createSchedule(loop.stages, loop.arrivals, random), loopRun);
  stop = () => {
    if (!ended) {
      cancelMs = Math.min(cancelMs, performance.now() + drainLimits.interruptedMs);
      allSent = true;
      running.stop();
    }
  };
}

port.on("message", (phase: ToThread) => {
  if (phase === "stop") {
    stop();
    return;
  }
  let isStopped = false;
  stop = () => {
    isStopped = true;
  };
  const start = () => {
    run(phase);
    if (isStopped) {
      stop();
    }
  };
  // On a busy machine the start may already be past.
  setTimeout(start, Math.max(0, phase.startMs - monotonicMs()));
});

if (method.methodKind === "unary") {
  await rehearse(plan.driver, createSenderOf);
}
await driver.connect();
if (plan.ownServer) {
  await warmUp(driver);
}
post({ kind: "ready" });

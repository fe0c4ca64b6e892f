import { parentPort, workerData } from "node:worker_threads";
import { fail } from "../../cli/fail.ts";
import { monotonicMs } from "../../registry/clock.ts";
import { createDriver } from "../drivers/create-driver.ts";
import type { Driver } from "../drivers/driver.ts";
import { createRequests, exampleRequest } from "../requests/requests.ts";
import { createRandom, seedOf } from "../schedule/random.ts";
import { createSchedule } from "../schedule/schedule.ts";
import { loadMethod } from "../target/target.ts";
import { rehearse, warmUp } from "../warm-up.ts";
import { createSelfWatch } from "./judge.ts";
import { type LoopRun, type RunningLoop, startClosedLoop, startOpenLoop } from "./loops.ts";
import {
  type FromThread,
  type LoadPlan,
  type Patience,
  type Phase,
  shareOf,
  type ToThread,
} from "./plan.ts";
import { intervalMs, Recorder } from "./recorder.ts";
import { createSender } from "./sender.ts";

/** What a load thread is started with. */
export interface LoadThreadData {
  readonly plan: LoadPlan;
  readonly patience: Patience;
  /** From 0. */
  readonly thread: number;
}

const { plan, patience, thread }: LoadThreadData = workerData;
const port = parentPort ?? fail("Expected to be started as a thread");
const say = (message: FromThread) => port.postMessage(message);

const { target, timeoutMs } = plan;
const method = loadMethod(target.descriptorSet, target.service, target.method);
const driver = createDriver({
  ...plan.driver,
  connections: shareOf(plan.driver.connections, plan.threads, thread),
});
const requests = createRequests({ method, ...plan.requests, example: exampleRequest(method) });
const createSenderOf = (by: Driver) =>
  createSender({ driver: by, method, requests, header: plan.header, timeoutMs });
const sender = createSenderOf(driver);
const selfWatch = createSelfWatch();
/** How long calls that are in progress at the end are waited for. */
const drainMs = timeoutMs > 0 ? timeoutMs + 1_000 : patience.withoutDeadlineMs;
let stop = () => {};

function run({ loop, startMs, claims, seed }: Phase): void {
  const beginMs = startMs - (monotonicMs() - performance.now());
  const recorder = new Recorder({
    thread,
    beginMs,
    originMs: startMs,
    open: loop.kind === "open",
    streaming: method.methodKind === "server_streaming",
    selfWatch,
    onInterval: (part) => say({ kind: "interval", part }),
  });
  const claimed = new Int32Array(claims);
  let allSent = false;
  let ended = false;
  let giveUpMs = Number.POSITIVE_INFINITY;

  const end = () => {
    ended = true;
    clearInterval(ticker);
    running.stop();
    running.giveUp();
    recorder.giveUp();
    say({ kind: "ended", totals: recorder.finish(running.heldBack) });
  };
  const ticker = setInterval(() => {
    const nowMs = performance.now();
    recorder.closeIntervals(nowMs);
    const isDone = allSent && recorder.inProgress === 0;
    // Without a deadline, calls can keep others from being sent for ever.
    const isStuck = nowMs - Math.max(running.untilMs, recorder.lastEndMs) >= drainMs;
    if (isDone || isStuck || nowMs >= giveUpMs) {
      end();
    }
  }, intervalMs / 50);
  const loopRun: LoopRun = {
    recorder,
    sender,
    seed,
    beginMs,
    claim: () => Atomics.add(claimed, 0, 1) + 1,
    onAllSent: () => {
      allSent = true;
      giveUpMs = Math.min(giveUpMs, performance.now() + drainMs);
    },
  };
  const running: RunningLoop =
    loop.kind === "closed"
      ? startClosedLoop(loop, shareOf(loop.concurrency, plan.threads, thread), loopRun)
      : startOpenLoop(
          createSchedule(loop.stages, loop.arrivals, createRandom(seedOf(seed))),
          loopRun,
        );
  stop = () => {
    if (!ended) {
      giveUpMs = Math.min(giveUpMs, performance.now() + patience.interruptedMs);
      allSent = true;
      running.stop();
    }
  };
}

port.on("message", (message: ToThread) => {
  if (message.kind === "stop") {
    stop();
  } else {
    const { phase } = message;
    let isStopped = false;
    stop = () => {
      isStopped = true;
    };
    const begin = () => {
      run(phase);
      if (isStopped) {
        stop();
      }
    };
    // The moment may have passed on a busy machine.
    setTimeout(begin, Math.max(0, phase.startMs - monotonicMs()));
  }
});

try {
  if (method.methodKind === "unary") {
    await rehearse(plan.driver, createSenderOf);
  }
  await driver.connect();
  if (plan.ownServer) {
    await warmUp(driver);
  }
  say({ kind: "ready" });
} catch (error) {
  say({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
}

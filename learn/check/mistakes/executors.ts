import type { Diagnosis } from "@unblock/diagnose/diagnosis";
import type { PoolReading } from "@unblock/diagnose/libuv-pool-saturated";
import { describeAlone, fastestMs } from "../measure/baseline.ts";
import { fastestWallMs, type Measured } from "../measure/bursts.ts";
import type { Growth, Overlap } from "../measure/overlap.ts";
import { round } from "../result.ts";

/** Each call started a thread or process. */
export function executorPerCall({ what, count, calls }: Growth): Diagnosis {
  return {
    name: "executor-per-call",
    finding: `${count} ${what} were started for ${calls} calls: each costs tens of milliseconds and megabytes before it does anything, and ten times the callers start ten times as many.`,
    nextStep:
      "Start as many as should work at once, outside of the handler, and pass the calls to them in turn: a pool.",
    numbers: { started: count, calls },
  };
}

/** How to end what a call left behind. */
const ends: Readonly<Record<string, string>> = {
  threads: "End each with terminate(), or keep a few and reuse them: a pool.",
  processes: "End each with kill(), or keep a few and reuse them: a pool.",
  connections: "Close each (its body read, its client or agent destroyed), or keep and reuse one.",
  files: "Close each in a finally, or read it with a function that does (readFile).",
  intervals: "Clear each in a finally, or have one for all calls.",
};

export function leftByCalls({ what, count, calls }: Growth): Diagnosis {
  return {
    name: "left-behind",
    finding: `${calls} calls have ended, and ${count} new ${what} are still there: they add up until something runs out.`,
    nextStep: ends[what] ?? "End what a call has started when the call ends.",
    numbers: { left: count, calls },
  };
}

/** Processes outlived the service. @param message how many, with an example */
export function leftBehind(message: string, processes: number): Diagnosis {
  return {
    name: "left-behind",
    finding: `${message}; the check ended them.`,
    nextStep:
      "Have each process end when its parent's channel closes (process.on('disconnect', process.exit)), or end it on SIGTERM; detached ones outlive their parent.",
    numbers: { processes_left: processes },
  };
}

/** @param unread number of bodies that were not read */
export function bodyNotRead({ count, calls }: Growth, unread: number): Diagnosis {
  return {
    name: "body-not-read",
    finding: `The bodies of ${unread} responses were not read, so that their connections are neither reused nor closed: ${count} for ${calls} calls.`,
    nextStep: "Read each response to its end, or discard it: response.resume(), body.cancel().",
    numbers: { unread, left: count, calls },
  };
}

/** What a right answer may cost that leaves small bodies unread; empty when it leaves none. */
export function priceOfUnread(responses: number): string {
  return responses === 0
    ? ""
    : `. Its price: the bodies of ${responses} responses were left unread. They were small; a larger one keeps its connection until it is read or cancelled`;
}

export function connectionPerCall({ count, calls }: Growth): Diagnosis {
  return {
    name: "connection-per-call",
    finding: `${count} connections were opened for ${calls} calls, though others had been opened before: each costs a round trip and a socket, at both ends.`,
    nextStep:
      "Create the client or agent once, outside of the handler, and let it keep its connections (keepAlive).",
    numbers: { opened: count, calls },
  };
}

/** The event loop had work without calls. */
export function loopKeptBusy(ms: number, cpuMs: number, stoodMs: number): Diagnosis {
  const share = Math.round((100 * Math.max(cpuMs, stoodMs)) / ms);
  return {
    name: "loop-kept-busy",
    finding: `Without any call for ${round(ms)} ms, the event loop was busy for ${share} % of it (${round(cpuMs)} ms of CPU): each call waits for what runs there all the time.`,
    nextStep:
      "Look for a timer, setImmediate or loop that repeats by itself; end it, or wait for an event instead of polling.",
    numbers: { idle_ms: round(ms), loop_cpu_ms: round(cpuMs), stood_ms: round(stoodMs) },
  };
}

/** The event loop had work while the only call waited. */
export function busyWhileWaiting(ms: number, cpuMs: number): Diagnosis {
  return {
    name: "loop-kept-busy",
    finding: `The only call waited ${round(ms)} ms for its backend, and the event loop used ${round(cpuMs)} ms of CPU meanwhile: everybody else waits for that.`,
    nextStep:
      "Await the promise or the event that comes with the response, instead of asking again and again whether it is there.",
    numbers: { call_ms: round(ms), loop_cpu_ms: round(cpuMs) },
  };
}

/** Threads or processes beside the event loop had work without calls. */
export function threadsKeptBusy(ms: number, cpuMs: number): Diagnosis {
  return {
    name: "loop-kept-busy",
    finding: `Without any call for ${round(ms)} ms, threads or processes of your own used ${round(cpuMs)} ms of CPU: they take cores from the calls, and from everybody on this machine.`,
    nextStep:
      "Look for a loop that asks again and again whether there is work; wait for a message, or in Atomics.wait.",
    numbers: { idle_ms: round(ms), threads_cpu_ms: round(cpuMs) },
  };
}

/** The answers are right, and the CPU time that they need was not used. */
export function workSkipped(cpuMs: number, minMs: number, calls: number): Diagnosis {
  return {
    name: "work-skipped",
    finding: `${calls} calls were answered with ${round(cpuMs)} ms of CPU in all, and their work takes at least ${round(minMs)} ms.`,
    nextStep: "Do the work in each call, instead of sleeping or reusing earlier results.",
    numbers: { cpu_ms: round(cpuMs), min_ms: round(minMs), calls },
  };
}

/** Calls computed more often than their results need. */
export function computedAgain(computations: number, calls: number): Diagnosis {
  return {
    name: "slower-than-its-work",
    finding: `${computations} computations were made for ${calls} calls: each takes a core from the others, and all end later.`,
    nextStep: "Compute once for each call, and use that result.",
    numbers: { computations, calls },
  };
}

/** The learner's own pool is smaller than the burst needs. */
export function poolTooSmall({ what, most, wanted, calls }: Overlap): Diagnosis {
  return {
    name: "pool-too-small",
    finding: `${calls} ${what} were made ${most} at a time, in threads or processes of your own; with fewer than ${wanted} at once the last caller waits too long.`,
    nextStep:
      "Give the pool one thread per call that should wait at once: a waiting thread takes no CPU, so the number of cores does not matter.",
    numbers: { max_at_once: most, expected_at_once: wanted, calls },
  };
}

/** What could have overlapped did not, or not all of it. */
export function sequential({ what, most, wanted, calls }: Overlap): Diagnosis {
  const inTurn =
    most <= 1 ? "one after another" : `${most} at a time, though ${wanted} or more could have been`;
  return {
    name: "sequential",
    finding: `${calls} ${what} were made ${inTurn}.`,
    nextStep:
      most <= 1
        ? "Look for what makes one wait for another: an await before the next begins, a chain of promises, a lock."
        : "Look for what limits them: batches, a limit of your own, a pool that is smaller than the burst.",
    numbers: { max_at_once: most, expected_at_once: wanted, calls },
  };
}

/** As many reads as libuv's pool has threads, and no more. @param threads size of the pool */
export function libuvSaturated(
  { most: counted, calls }: Overlap,
  { threads: wantedThreads, maxWaitMs }: PoolReading,
  threads: number,
): Diagnosis {
  const waitedMs = round(maxWaitMs);
  const most = Math.min(counted, threads);
  const tooLate =
    wantedThreads === threads
      ? ""
      : ` UV_THREADPOOL_SIZE is ${wantedThreads} by now, which comes too late: the pool has the size that the process was started with.`;
  return {
    name: "libuv-pool-saturated",
    finding: `${calls} reads found ${threads} threads in libuv's pool: ${most} ran at once, and the others waited in a queue that nobody sees. Everything else that needs the pool waited too, up to ${waitedMs} ms.${tooLate}`,
    nextStep: `Give the pool one thread per read that should run at once, and some for others: more than ${calls} (here export const libuvThreads, elsewhere UV_THREADPOOL_SIZE in the environment that the process is started with).`,
    numbers: { pool_threads: threads, max_at_once: most, calls, pool_wait_ms: waitedMs },
  };
}

export function moreThreadsThanCores(atOnce: number, cores: number): Diagnosis {
  return {
    name: "more-threads-than-cores",
    finding: `${atOnce} threads computed at once on ${cores} cores: they take the cores from each other, so that none finishes earlier and all finish late.`,
    nextStep:
      "Compute in a pool with one thread per core, where the other calls wait their turn: the pool workers.",
    numbers: { computing_at_once: atOnce, cores },
  };
}

/** The decision names one executor, and the work ran in another. */
export function decidedOtherwise(decided: string, ran: string, evidence: string): Diagnosis {
  return {
    name: "wrong-executor",
    finding: `You decided ${decided}, and it ran as ${ran}: ${evidence}.`,
    nextStep: "Decide which of the two you mean, and change the decision or the code.",
    numbers: {},
  };
}

/** Waiting calls held the threads for computing. */
export function waitsInWorkers(calls: number, most: number, cores: number): Diagnosis {
  return {
    name: "wrong-executor",
    finding: `${calls} blocking calls ran in the pool for computing, which has one thread for each of the ${cores} cores: ${most} waited at once, and no core had anything to do.`,
    nextStep:
      "Wait elsewhere, without a thread or in the pool threads, and keep the workers for computing.",
    numbers: { blocking_calls: calls, max_at_once: most, workers: cores },
  };
}

/** Work that went on for disconnected callers. */
export interface WentOn {
  readonly message: string;
  readonly calls: number;
  readonly of: number;
}

/** @param during what the work was doing when its callers disconnected */
export function signalIgnored(during: string, { message, calls, of }: WentOn): Diagnosis {
  return {
    name: "signal-ignored",
    finding: `${of} callers disconnected while ${during}, and ${message}.`,
    nextStep:
      "Pass the handler's signal to everything that waits or runs for the call: fetch, a pool's run, the work itself by stopped().",
    numbers: { went_on: calls, cancelled: of },
  };
}

/** Only the time of a burst is wrong, not where it ran nor how it overlapped. */
export function slowerThanItsWork(measured: Measured): Diagnosis {
  const { alone, allowedMs, bursts, best } = measured;
  const wallMs = round(fastestWallMs(measured));
  const maxMs = round(allowedMs);
  return {
    name: "slower-than-its-work",
    finding: `${best.burst.calls.length} calls at once took ${wallMs} ms, the best of ${bursts.length} bursts; expected at most ${maxMs} ms here, as the work of one takes ${describeAlone(alone)}. They overlapped in the right place, so each does or awaits something besides its work.`,
    nextStep:
      "Time the parts of one call: look for a needless wait, work that is done twice, something that is opened again for each call.",
    numbers: {
      wall_ms: wallMs,
      allowed_ms: maxMs,
      alone_ms: round(fastestMs(alone)),
      bursts: bursts.length,
    },
  };
}

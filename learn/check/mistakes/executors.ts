import type { Diagnosis } from "../../diagnose/diagnosis.ts";
import type { PoolReading } from "../../diagnose/watch-libuv-pool.ts";
import { describeAlone, fastestMs } from "../measure/alone.ts";
import { fastestWallMs, type Measured } from "../measure/bursts.ts";
import type { Growth, Overlap } from "../measure/overlap.ts";
import { round } from "../report.ts";

/** Each call started a thread or process of its own. */
export function executorPerCall({ what, count, calls }: Growth): Diagnosis {
  return {
    name: "executor-per-call",
    finding: `${count} ${what} were started for ${calls} calls: each costs tens of milliseconds and megabytes before it does anything, and ten times the callers start ten times as many.`,
    nextStep:
      "Start them once, outside of the handler, as many as shall work at once, and hand the calls to them in turn: a pool.",
    numbers: { started: count, calls },
  };
}

/** What calls leave, and more with each call. */
export function growsWithCalls({ what, count, calls }: Growth): Diagnosis {
  const ends: Readonly<Record<string, string>> = {
    threads: "End each with terminate(), or keep a few and use them again: a pool.",
    processes: "End each with kill(), or keep a few and use them again: a pool.",
    connections:
      "Close each (its body read, its client or agent destroyed), or keep one and use it again.",
    files: "Close each in a finally, or read it with a function that does (readFile).",
    intervals: "Clear each in a finally, or have one for all calls.",
  };
  return {
    name: "left-behind",
    finding: `${calls} calls have ended, and ${count} ${what} that were not there before are still there: they add up until something runs out.`,
    nextStep: ends[what] ?? "End what a call has started when the call ends.",
    numbers: { left: count, calls },
  };
}

/** @param unread how many bodies nobody has read */
export function bodyNotRead({ count, calls }: Growth, unread: number): Diagnosis {
  return {
    name: "body-not-read",
    finding: `The bodies of ${unread} responses were not read, so that their connections are neither used again nor closed: ${calls} calls left ${count} of them.`,
    nextStep: "Read each response to its end, or throw it away: response.resume(), body.cancel().",
    numbers: { unread, left: count, calls },
  };
}

export function connectionPerCall({ count, calls }: Growth): Diagnosis {
  return {
    name: "connection-per-call",
    finding: `${count} connections were opened for ${calls} calls, though others had been opened before: each costs a round trip and a socket, at both ends.`,
    nextStep:
      "Make the client or the agent once, outside of the handler, and let it keep its connections (keepAlive).",
    numbers: { opened: count, calls },
  };
}

/** The event loop had work when nobody called. */
export function loopKeptBusy(ms: number, cpuMs: number, stoodMs: number): Diagnosis {
  const share = Math.round((100 * Math.max(cpuMs, stoodMs)) / ms);
  return {
    name: "loop-kept-busy",
    finding: `Nobody called for ${round(ms)} ms, and the event loop was kept busy for ${share} % of it (${round(cpuMs)} ms of CPU): what goes on there all the time, each call waits for.`,
    nextStep:
      "Look for a timer, setImmediate or loop that goes on by itself; end it, or let something tell you instead of asking again and again.",
    numbers: { idle_ms: round(ms), loop_cpu_ms: round(cpuMs), stood_ms: round(stoodMs) },
  };
}

/** The answers are right, and the CPU time that they take was not used. */
export function workSkipped(cpuMs: number, leastMs: number, calls: number): Diagnosis {
  return {
    name: "work-skipped",
    finding: `${calls} calls were answered with ${round(cpuMs)} ms of CPU in all, where their work takes ${round(leastMs)} ms at the very least.`,
    nextStep: "Do the work for each call: what was computed before, or is slept through, is none.",
    numbers: { cpu_ms: round(cpuMs), least_ms: round(leastMs), calls },
  };
}

/** A pool of the learner's that is smaller than the burst needs. */
export function poolTooSmall(what: string, most: number, wanted: number, calls: number): Diagnosis {
  return {
    name: "pool-too-small",
    finding: `${calls} ${what} were made ${most} at a time, in threads or processes of your own; with fewer than ${wanted} at once the last caller waits too long.`,
    nextStep:
      "Give the pool a thread for each call that shall wait at once: one that waits takes no CPU, so the cores do not matter.",
    numbers: { most_at_once: most, expected_at_once: wanted, calls },
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
        : "Look for what lets only so many through: batches, a limit of your own, a pool that is smaller than the burst.",
    numbers: { most_at_once: most, expected_at_once: wanted, calls },
  };
}

/**
 * As many as libuv's pool has threads, and no more.
 *
 * @param threads how many it was started with
 */
export function libuvSaturated(
  { most: counted, calls }: Overlap,
  { threads: wantedThreads, longestWaitMs }: PoolReading,
  threads: number,
): Diagnosis {
  const waitedMs = round(longestWaitMs);
  const most = Math.min(counted, threads);
  const tooLate =
    wantedThreads === threads
      ? ""
      : ` UV_THREADPOOL_SIZE says ${wantedThreads} by now, which comes too late: the pool has the size that the process was started with.`;
  return {
    name: "libuv-pool-saturated",
    finding: `${calls} reads found ${threads} threads in libuv's pool: ${most} went at once, and the others queued where nobody sees them. Whatever else needs the pool waited there too, up to ${waitedMs} ms.${tooLate}`,
    nextStep: `Give the pool a thread for each read that shall go at once, and some for others: more than ${calls} (here export const libuvThreads, elsewhere UV_THREADPOOL_SIZE in the environment that the process is started with).`,
    numbers: { pool_threads: threads, most_at_once: most, calls, pool_wait_ms: waitedMs },
  };
}

export function moreThreadsThanCores(atOnce: number, cores: number): Diagnosis {
  return {
    name: "more-threads-than-cores",
    finding: `${atOnce} threads computed at once on ${cores} cores: they take the cores from each other, so that none is done sooner and all are done late.`,
    nextStep:
      "Compute in a pool with a thread a core, where the others wait their turn: the pool workers.",
    numbers: { computing_at_once: atOnce, cores },
  };
}

/** The decision names one place, and the work ran in another. */
export function decidedOtherwise(decided: string, ran: string, evidence: string): Diagnosis {
  return {
    name: "wrong-place",
    finding: `You decided ${decided}, and it ran as ${ran}: ${evidence}.`,
    nextStep:
      "Ask which of the two you mean: change the decision, or the code, until they say the same.",
    numbers: {},
  };
}

/** Calls that wait held the threads that are there to compute. */
export function waitsInWorkers(calls: number, most: number, cores: number): Diagnosis {
  return {
    name: "wrong-place",
    finding: `${calls} blocking calls ran in the pool for computing, whose ${cores} threads are as many as the cores: ${most} waited at once, and no core had anything to do.`,
    nextStep:
      "Let what waits wait elsewhere, without a thread or in the pool threads, and keep the workers for what computes.",
    numbers: { blocking_calls: calls, most_at_once: most, workers: cores },
  };
}

/** @param message how many processes, and such as which */
export function leftBehind(message: string, processes: number): Diagnosis {
  return {
    name: "left-behind",
    finding: `${message}; the check ended them.`,
    nextStep:
      "Have each process end when its parent's channel closes (process.on('disconnect', process.exit)), or end it on SIGTERM; detached ones outlive whoever started them.",
    numbers: { processes_left: processes },
  };
}

/** What went on for callers who had given up. */
export interface WentOn {
  readonly message: string;
  readonly calls: number;
  readonly of: number;
}

/** @param during what the work was doing when its callers gave up */
export function signalIgnored(during: string, { message, calls, of }: WentOn): Diagnosis {
  return {
    name: "signal-ignored",
    finding: `${of} callers gave up while ${during}, and ${message}.`,
    nextStep:
      "Hand the handler's signal on to all that waits or runs for the call: fetch, a pool's run, the work itself by stopped().",
    numbers: { went_on: calls, given_up: of },
  };
}

/** Nothing but the time is wrong with a burst: where it ran is right, and so is how it overlapped. */
export function slowerThanItsWork(measured: Measured): Diagnosis {
  const { alone, allowedMs, bursts, best } = measured;
  const wallMs = round(fastestWallMs(measured));
  const mostMs = round(allowedMs);
  return {
    name: "slower-than-its-work",
    finding: `${best.burst.calls.length} calls at once took ${wallMs} ms, the best of ${bursts.length} bursts, and up to ${mostMs} ms are right here: the work of one takes ${describeAlone(alone)}. They overlapped, and in a right place, so each does or awaits something besides its work.`,
    nextStep:
      "Time the parts of one call: look for a wait that nobody asked for, work that is done twice, something that is opened anew for each call.",
    numbers: {
      wall_ms: wallMs,
      allowed_ms: mostMs,
      alone_ms: round(fastestMs(alone)),
      bursts: bursts.length,
    },
  };
}

import type { Diagnosis } from "../../diagnose/diagnosis.ts";
import { round } from "../numbers.ts";
import type { Growth } from "../place/executors.ts";

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

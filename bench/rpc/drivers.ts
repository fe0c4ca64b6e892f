import { type Bench, connections, inFlight, type Target } from "../harness/bench.ts";
import { type Post, runClient, runGhz, runH2load } from "../harness/clients.ts";

/** A closed loop by one of the clients. */
export interface Driver {
  /** Unique. */
  readonly name: string;
  /** Returns calls, or messages, per second. */
  readonly drive: (bench: Bench, url: string, seconds: number) => Promise<number>;
}

function loopFlags(seconds: number): string[] {
  return ["--concurrency", String(inFlight), "--duration", `${seconds}s`];
}

/**
 * This project's load client.
 *
 * @param onConnections connections of the calls in flight; over HTTP/1.1 each call needs its own
 */
export function ownDriver(
  target: Target,
  onConnections = connections,
  flags: readonly string[] = [],
): Driver {
  return {
    name: "unblock's client",
    drive: async (bench, url, seconds) => {
      const all = [...loopFlags(seconds), ...flags];
      const load = { url, target, connections: onConnections, flags: all };
      return (await runClient(bench, load)).report.rps;
    },
  };
}

/** This project's load client with JSON over HTTP/1.1. */
export function jsonDriver(target: Target, onConnections: number): Driver {
  const flags = ["--protocol", "connect", "--codec", "json", "--http", "1.1"];
  return ownDriver(target, onConnections, flags);
}

export function ghzDriver(target: Target): Driver {
  return {
    name: "ghz",
    drive: async (bench, url, seconds) => {
      // Calls in progress at the end are awaited: if cut off, they would count as failed.
      const flags = [...loopFlags(seconds), "--duration-stop", "wait"];
      return (await runGhz(bench, { url, target, connections, flags })).rps;
    },
  };
}

/** h2load with small unary calls. */
export function h2loadDriver(name: string, post: Post): Driver {
  return driverOf(name, post, Math.ceil(inFlight / connections), 1);
}

/**
 * h2load with calls of many messages, one call at a time per connection: what calls that are not complete at
 * the end have sent does not count, and costs the server time.
 *
 * @param messages per call
 */
export function streamDriver(name: string, post: Post, messages: number): Driver {
  return driverOf(name, post, 1, messages);
}

function driverOf(name: string, post: Post, streams: number, messages: number): Driver {
  return {
    name,
    drive: async (bench, url, seconds) => {
      const calls = await runH2load(bench, { url, post, connections, streams, seconds });
      return (messages * calls) / seconds;
    },
  };
}

import { count } from "@unblock/terminal/numbers";
import type { FullReport, LoadDescription, SlowCall } from "./report.ts";

const protocolNames = { grpc: "gRPC", "grpc-web": "gRPC-Web", connect: "Connect" };

export function describeLoad({ options, unblock: { load } }: FullReport): string {
  if (load === undefined) {
    const { concurrency, connections } = options ?? {};
    return `by ghz: ${concurrency ?? "?"} at a time, ${count(connections ?? 1, "connection")}`;
  }
  const stack = [
    load.strategy ?? "",
    `${protocolNames[load.protocol]}${load.get ? " GET" : ""}`,
    load.codec === "json" ? "JSON" : "",
    `HTTP/${load.http}`,
  ];
  const parts = [
    stack.filter((text) => text !== "").join(" "),
    describeLoop(load.loop),
    count(load.connections, "connection"),
    ...(load.threads > 1 ? [count(load.threads, "thread")] : []),
  ];
  return parts.join(", ");
}

function describeLoop(loop: LoadDescription["loop"]): string {
  if (loop.kind === "closed") {
    return `${loop.concurrency} at a time`;
  }
  const parts = loop.stages.map(({ from_rate, to_rate, duration_ms }) => {
    const rate = from_rate === to_rate ? `${from_rate}` : `${from_rate} to ${to_rate}`;
    return `${rate} per second for ${duration_ms / 1_000} s`;
  });
  return `${parts.join(", then ")}${loop.arrivals === "poisson" ? " (Poisson)" : ""}`;
}

/** Where a slow call's time went: in the client, in the server's steps, and elsewhere. */
export function partsOf(call: SlowCall): { readonly name: string; readonly ms: number }[] {
  const client = Math.max(0, call.written_ms - call.intended_ms);
  const steps = call.steps.reduce((sum, { ms }) => sum + ms, 0);
  const rest = Math.max(0, call.latency_ms - client - steps);
  return [
    { name: "client", ms: client },
    ...call.steps,
    { name: call.steps.length > 0 ? "rest" : "server", ms: rest },
  ];
}

export function ranked(counts: Readonly<Record<string, number>> | null): [string, number][] {
  return Object.entries(counts ?? {}).sort(([, a], [, b]) => b - a);
}

/** Executors with their calls; empty if the server does not report them. */
export function describeExecutors({ unblock }: FullReport): string {
  return ranked(unblock.ran_on)
    .map(([name, calls]) => `${name} (${groupThousands(calls)})`)
    .join(", ");
}

export function groupThousands(value: number): string {
  return value.toLocaleString("en-US");
}

/** A number with three digits, and all digits before the decimal point. */
export function threeDigits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

export function fourDigits(value: number): number {
  return Number(value.toPrecision(4));
}

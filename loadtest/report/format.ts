import type { Report, SlowCall } from "./report.ts";

const protocolNames = { grpc: "gRPC", "grpc-web": "gRPC-Web", connect: "Connect" };

/** A report's load in a few words. */
export function describeLoad({ options, unblock }: Report): string {
  if (!unblock) {
    const { concurrency, connections } = options ?? {};
    return `by ghz: ${concurrency ?? "?"} at a time, ${plural(connections ?? 1, "connection")}`;
  }
  const { load } = unblock;
  const stack = [
    load.strategy ?? "",
    `${protocolNames[load.protocol]}${load.get ? " GET" : ""}`,
    load.codec === "json" ? "JSON" : "",
    `HTTP/${load.http}`,
  ];
  const parts = [
    stack.filter((text) => text !== "").join(" "),
    describeLoop(load.loop),
    plural(load.connections, "connection"),
    ...(load.threads > 1 ? [plural(load.threads, "thread")] : []),
  ];
  return parts.join(", ");
}

type Loop = NonNullable<Report["unblock"]>["load"]["loop"];

function describeLoop(loop: Loop): string {
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

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

export function groupThousands(count: number): string {
  return count.toLocaleString("en-US");
}

/** A number with three digits, and all digits before the decimal point. */
export function threeDigits(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

/** The value of a threshold, with at most four digits. */
export function fourDigits(value: number): string {
  return String(Number(value.toPrecision(4)));
}

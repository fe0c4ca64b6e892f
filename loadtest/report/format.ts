import type { ClosedLoad, OpenLoad, Report } from "./report.ts";

const protocolNames = { grpc: "gRPC", "grpc-web": "gRPC-Web", connect: "Connect" };

/** How a report's load was made, in a few words. */
export function describeLoad({ options, unblock }: Report): string {
  if (!unblock) {
    const { concurrency, connections } = options ?? {};
    return `by ghz: ${concurrency ?? "?"} at a time, ${plural(connections ?? 1, "connection")}`;
  }
  const { load } = unblock;
  const wire = [
    load.strategy ?? "",
    `${protocolNames[load.protocol]}${load.get ? " GET" : ""}`,
    load.codec === "json" ? "JSON" : "",
    `HTTP/${load.http}`,
  ];
  const loop = load.loop.kind === "closed" ? describeClosed(load.loop) : describeOpen(load.loop);
  const parts = [
    wire.filter((text) => text !== "").join(" "),
    loop,
    plural(load.connections, "connection"),
    ...(load.threads > 1 ? [plural(load.threads, "thread")] : []),
  ];
  return parts.join(", ");
}

function describeClosed({ concurrency }: ClosedLoad): string {
  return `${concurrency} at a time`;
}

function describeOpen({ stages, arrivals }: OpenLoad): string {
  const parts = stages.map(({ from_rate, to_rate, duration_ms }) => {
    const rate = from_rate === to_rate ? `${from_rate}` : `${from_rate} to ${to_rate}`;
    return `${rate} a second for ${duration_ms / 1_000} s`;
  });
  return `${parts.join(", then ")}${arrivals === "poisson" ? " (Poisson)" : ""}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

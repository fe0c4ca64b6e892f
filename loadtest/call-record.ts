import type { CallResult } from "./drivers/driver.ts";

/** Part of a call's time in the server, such as "queue" or "work". */
export interface Step {
  readonly name: string;
  readonly ms: number;
}

/** One call. Times are in milliseconds since the start of the load. */
export interface CallRecord {
  readonly sentMs: number;
  readonly endedMs: number;
  readonly code: string;
  readonly message: string;
  /** Undefined, like the following values, if the server does not report it. */
  readonly ranOn: RanOn | undefined;
  /** Start of the steps. */
  readonly beganMs: number | undefined;
  readonly steps: readonly Step[];
  /** CPU time of the call's task. */
  readonly cpuMs: number | undefined;
  /** Amount of computing in the call. */
  readonly rounds: number | undefined;
}

export interface RanOn {
  readonly executor: string;
  readonly pid: string;
  readonly thread: string | undefined;
}

/** @param originMs start of the load on the machine's monotonic clock */
export function recordCall(
  { code, message, header }: CallResult,
  originMs: number,
  sentMs: number,
  endedMs: number,
): CallRecord {
  const numberOf = (name: string) => {
    const text = header.get(name);
    return text === null ? undefined : Number(text);
  };
  const began = numberOf("unblock-began");
  return {
    sentMs,
    endedMs,
    code,
    message,
    ranOn: parseRanOn(header.get("unblock-ran-on")),
    beganMs: began === undefined ? undefined : began - originMs,
    steps: parseServerTiming(header.get("server-timing") ?? ""),
    cpuMs: numberOf("unblock-cpu-ms"),
    rounds: numberOf("unblock-rounds"),
  };
}

function parseRanOn(header: string | null): RanOn | undefined {
  if (header === null) {
    return undefined;
  }
  const [executor = "", ...parameters] = header.split(";");
  const { pid = "", thread } = Object.fromEntries(parameters.map((text) => text.split("=")));
  return { executor, pid, thread };
}

/** @see https://www.w3.org/TR/server-timing/ */
function parseServerTiming(header: string): Step[] {
  const steps = header.matchAll(/([\w-]+);dur=([\d.]+)/g);
  return [...steps].map(([, name = "", ms]) => ({ name, ms: Number(ms) }));
}

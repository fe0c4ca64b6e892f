import type { CallResult } from "./drivers/driver.ts";
import { Recorder } from "./recorder.ts";

export type Until = { readonly requests: number } | { readonly durationMs: number };

export interface ClosedLoop {
  readonly concurrency: number;
  readonly until: Until;
  /** Sends call `n`, from 1. */
  readonly send: (n: number) => Promise<CallResult>;
  /** Told now and then, with the calls ended so far. */
  readonly onProgress: (calls: number) => void;
}

export interface LoadResult {
  readonly wallMs: number;
  readonly recorder: Recorder;
  /** What the server said with the first call that failed. */
  readonly firstError: string | undefined;
  /** How many calls each place served, by name; empty when the server does not say. */
  readonly places: Readonly<Record<string, number>>;
}

/**
 * Keeps `concurrency` calls in progress, each followed by the next. What is in progress at the end is
 * finished and counted.
 */
export async function runClosedLoop({
  concurrency,
  until,
  send,
  onProgress,
}: ClosedLoop): Promise<LoadResult> {
  const recorder = new Recorder();
  const places: Record<string, number> = {};
  let firstError: string | undefined;
  let started = 0;
  const startedMs = performance.now();
  const more = () =>
    "requests" in until
      ? started < until.requests
      : performance.now() - startedMs < until.durationMs;

  const caller = async () => {
    while (more()) {
      const n = ++started;
      const sentMs = performance.now();
      const { code, message, header } = await send(n);
      recorder.record(performance.now() - sentMs, code);
      if (code !== "ok") {
        firstError ??= `${code}: ${message}`;
      }
      const place = header.get("unblock-ran-on")?.split(";", 1)[0];
      if (place !== undefined) {
        places[place] = (places[place] ?? 0) + 1;
      }
    }
  };

  const progress = setInterval(() => onProgress(recorder.calls), 1_000);
  await Promise.all(Array.from({ length: concurrency }, caller));
  clearInterval(progress);
  return { wallMs: performance.now() - startedMs, recorder, firstError, places };
}

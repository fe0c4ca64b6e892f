/**
 * The stalled server: serves one call after another, and twice does nothing for a second, as a
 * server does that collects garbage, parses something huge or calls a blocking driver. It keeps a
 * log of that, from which the truth about its callers' latencies can be computed.
 */
import type { ServerHttp2Stream } from "node:http2";
import { announce } from "../../harness/announce.ts";
import { answer, serveGrpc } from "./grpc-over-http2.ts";

/** When it stalls, in milliseconds after the first call. */
const stallsAtMs = [2_500, 6_000];
const stallMs = 1_000;
/** What a call takes, at least: more than its handling needs, so that all take about the same. */
const serviceMs = 0.2;

/** Times are in milliseconds from the arrival of the first call. */
export interface StallLog {
  /** From when it did nothing to when it served the next call: it reads all that came meanwhile first. */
  readonly stalls: readonly { readonly beginMs: number; readonly endMs: number }[];
  /** What each call took, in their order: from being next to its answer being written. */
  readonly servicesMs: readonly number[];
}

/** Never opened: to wait at it blocks the thread, without using the CPU. */
const gate = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/** Starts it on a free port; `log` tells what there was so far. */
async function startStalledServer(): Promise<{ url: string; log(): StallLog }> {
  const waiting: { readonly stream: ServerHttp2Stream; readonly arrivedMs: number }[] = [];
  const stalls: { beginMs: number; endMs: number }[] = [];
  const servicesMs: number[] = [];
  /** The arrival of the first call; 0 before it. */
  let originMs = 0;
  let stalledMs: number | undefined;
  let freeMs = 0;

  const stall = () => {
    stalledMs = performance.now();
    Atomics.wait(gate, 0, 0, stallMs);
  };
  // One call a turn of the loop: a server that answers all it finds waiting in one turn would hold
  // back the first answer until the last is ready.
  const serveNext = () => {
    const next = waiting.shift();
    if (!next) {
      return;
    }
    let beginMs = Math.max(next.arrivedMs, freeMs);
    if (stalledMs !== undefined) {
      beginMs = performance.now();
      stalls.push({ beginMs: stalledMs - originMs, endMs: beginMs - originMs });
      stalledMs = undefined;
    }
    // The clock and not an amount of work, for once: the truth is computed from how long this takes.
    while (performance.now() - beginMs < serviceMs) {
      // Holds the thread.
    }
    answer(next.stream);
    freeMs = performance.now();
    servicesMs.push(freeMs - beginMs);
    if (waiting.length > 0) {
      setImmediate(serveNext);
    }
  };
  const { url } = await serveGrpc((stream) => {
    const arrivedMs = performance.now();
    if (originMs === 0) {
      originMs = arrivedMs;
      for (const atMs of stallsAtMs) {
        setTimeout(stall, atMs);
      }
    }
    waiting.push({ stream, arrivedMs });
    if (waiting.length === 1) {
      setImmediate(serveNext);
    }
  });
  return { url, log: () => ({ stalls, servicesMs }) };
}

const { url, log } = await startStalledServer();
announce(url, { log });

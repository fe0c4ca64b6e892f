/**
 * The stalled server: serves one call after another, and twice blocks for a second, as a server does that
 * collects garbage, parses something huge or calls a blocking driver. It logs stalls and service times, from
 * which the true latencies can be computed.
 */
import type { ServerHttp2Stream } from "node:http2";
import { announce } from "../../harness/serve.ts";
import { respond, serveGrpc } from "./null-server.ts";

/** Start of each stall, in milliseconds after the first call. */
const stallsAtMs = [2_500, 6_000];
const stallMs = 1_000;
/** Least duration of a call: more than its handling needs, so that all calls take about the same. */
const serviceMs = 0.2;

/** Times are in milliseconds from the arrival of the first call. */
export interface StallLog {
  /** From the start of blocking to the next call's start: the server reads all that arrived first. */
  readonly stalls: readonly { readonly beginMs: number; readonly endMs: number }[];
  /** Duration of each call, in order of arrival: from being next to its response being written. */
  readonly servicesMs: readonly number[];
}

/** Never notified: Atomics.wait() on it blocks the thread without using the CPU. */
const gate = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

const waiting: { readonly stream: ServerHttp2Stream; readonly arrivedMs: number }[] = [];
const stalls: { beginMs: number; endMs: number }[] = [];
const servicesMs: number[] = [];
/** Arrival of the first call; 0 before it. */
let originMs = 0;
let stalledMs: number | undefined;
let freeMs = 0;

function stall(): void {
  stalledMs = performance.now();
  Atomics.wait(gate, 0, 0, stallMs);
}

// One call per turn of the loop: serving all waiting calls in one turn would hold back the first response
// until the last is ready.
function serveNext(): void {
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
  // Until the clock says so, since the truth is computed from the duration.
  while (performance.now() - beginMs < serviceMs) {
    // Occupies the thread.
  }
  respond(next.stream);
  freeMs = performance.now();
  servicesMs.push(freeMs - beginMs);
  if (waiting.length > 0) {
    setImmediate(serveNext);
  }
}

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
announce(url, { log: (): StallLog => ({ stalls, servicesMs }) });

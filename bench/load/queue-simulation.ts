/** What is known of a server with one place to serve at. Times are in milliseconds, from any origin. */
export interface QueueServer {
  /** What each call takes once it is its turn, in their order; none for those beyond. */
  readonly servicesMs: readonly number[];
  /** When it began with nothing, in ascending order. */
  readonly stalls: readonly { readonly beginMs: number; readonly endMs: number }[];
}

/**
 * How long each call waits and is served when calls come at these moments, whatever becomes of the
 * ones before: first come, first served, and nobody during a stall.
 *
 * @param arrivalsMs in ascending order
 */
export function simulateQueue(arrivalsMs: readonly number[], server: QueueServer): number[] {
  let freeMs = Number.NEGATIVE_INFINITY;
  return arrivalsMs.map((arrivalMs, index) => {
    let beginMs = Math.max(arrivalMs, freeMs);
    for (const stall of server.stalls) {
      // One that begins while a call is served waits for the call's end: there is one thread.
      if (stall.beginMs <= beginMs && beginMs < stall.endMs) {
        beginMs = stall.endMs;
      }
    }
    freeMs = beginMs + (server.servicesMs[index] ?? 0);
    return freeMs - arrivalMs;
  });
}

/** The moments of an open load with evenly spaced calls. */
export function constantArrivals(perSecond: number, seconds: number): number[] {
  return Array.from({ length: perSecond * seconds }, (_, index) => (index * 1_000) / perSecond);
}

/**
 * The smallest of the values that this percentage (0 to 100) of them do not exceed.
 *
 * @param values at least one, in any order
 */
export function exactPercentile(values: readonly number[], percentage: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.max(1, Math.ceil((percentage / 100) * sorted.length - 1e-9));
  return sorted[rank - 1] ?? Number.NaN;
}

import type { Diagnosis } from "./diagnosis.ts";
import { inWords, rounded } from "./numbers.ts";
import type { LookupReading } from "./watch-lookups.ts";

/** What waits less in all is no matter, such as connections that are opened at a start, in milliseconds. */
const leastMs = 500;

export function diagnoseQueuedLookups(reading: LookupReading): Diagnosis | undefined {
  const { longestWaitMs, totalWaitMs, mostAtOnce, hasWorkers, threads, line, names } = reading;
  const waiting = mostAtOnce - threads;
  if (totalWaitMs < leastMs || (waiting <= 0 && !hasWorkers)) {
    return undefined;
  }
  const howMany =
    waiting > 0
      ? `up to ${mostAtOnce.toLocaleString("en")} look-ups of names were under way at once, and ${waiting.toLocaleString("en")} of them waited for the others`
      : "look-ups of names in worker threads waited for each other";
  const [first, ...others] = names.map((name) => `"${name}"`);
  const whose =
    first === undefined
      ? ""
      : ` They were for ${first}${others.length === 0 ? "" : ` and ${others.length === 1 ? others[0] : "other names"}`}.`;
  return {
    name: "dns-lookups-queued",
    finding: `libuv lets look-ups of names (dns.lookup, and with it fetch, http and net) use half of its pool, ${threads} at once: ${howMany}, for up to ${inWords(longestWaitMs)}.${whose} Files and hashes went on meanwhile.`,
    ...(line === undefined ? {} : { line }),
    nextStep:
      "Keep connections open instead of looking the same name up for each call, or ask for addresses by dns.resolve4, which takes no thread; with UV_THREADPOOL_SIZE twice as large twice as many run.",
    numbers: {
      lookups_at_once: mostAtOnce,
      lookups_waiting: Math.max(0, waiting),
      lookup_threads: threads,
      longest_wait_ms: rounded(longestWaitMs),
    },
  };
}

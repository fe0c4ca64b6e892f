import {
  type CodeLine,
  type Diagnosis,
  type DiagnosisWatch,
  inWords,
  rounded,
} from "./diagnosis.ts";
import { LibuvPoolWatch, PoolCallers, type PoolReading } from "./libuv-pool-saturated.ts";
import { lookupThreads } from "./libuv-probes.ts";

/** The main thread's DNS lookups. */
interface LookupReading {
  /** Maximum in progress at once. */
  readonly maxAtOnce: number;
  /** Whether worker threads may have added lookups, which are not counted. */
  readonly hasWorkers: boolean;
  /** The line that asks for most of them; undefined if none was seen. */
  readonly line: CodeLine | undefined;
  /** Names that were looked up, the most frequent first. */
  readonly names: readonly string[];
}

/** Shorter waits, such as those at a start, are not reported, in milliseconds in all. */
const minMs = 500;
const lookupTypes = /^GET(ADDR|NAME)INFOREQWRAP$/;
const lookupResources = /^Get(Addr|Name)InfoReqWrap$/;

/** Finds that DNS lookups wait for each other, by the probes that the watch thread sends. */
export class LookupWatch extends LibuvPoolWatch implements DiagnosisWatch {
  readonly explainedBy = ["more-threads-than-cores", "libuv-pool-saturated"] as const;
  readonly #callers = new PoolCallers(lookupTypes);
  readonly #hasWorkers: () => boolean;
  #maxAtOnce = 0;

  /** @param hasWorkers whether the program has started worker threads */
  constructor(hasWorkers: () => boolean) {
    super();
    this.#hasWorkers = hasWorkers;
  }

  round(): void {
    if (this.isLate()) {
      const active = process.getActiveResourcesInfo().filter((type) => lookupResources.test(type));
      this.#maxAtOnce = Math.max(this.#maxAtOnce, active.length);
      this.#callers.listen();
    }
  }

  diagnoses(): Diagnosis[] {
    return diagnoseQueuedLookups(this.read(), {
      maxAtOnce: this.#maxAtOnce,
      hasWorkers: this.#hasWorkers(),
      line: this.#callers.line(),
      names: this.#callers.hosts(),
    });
  }

  stop(): void {
    this.#callers.close();
  }
}

export function diagnoseQueuedLookups(
  { maxWaitMs, lateMs, threads: poolThreads }: PoolReading,
  { maxAtOnce, hasWorkers, line, names }: LookupReading,
): Diagnosis[] {
  const threads = lookupThreads(poolThreads);
  const waiting = maxAtOnce - threads;
  if (lateMs < minMs || (waiting <= 0 && !hasWorkers)) {
    return [];
  }
  const howMany =
    waiting > 0
      ? `up to ${maxAtOnce.toLocaleString("en")} lookups of names were in progress at once, and ${waiting.toLocaleString("en")} of them waited for the others`
      : "lookups of names in worker threads waited for each other";
  const [first, second, ...others] = names.map((name) => `"${name}"`);
  const more = second === undefined ? "" : ` and ${others.length === 0 ? second : "other names"}`;
  const which = first === undefined ? "" : ` They were for ${first}${more}.`;
  return [
    {
      name: "dns-lookups-queued",
      finding: `libuv lets lookups of names (dns.lookup, and with it fetch, http and net) use half of its pool, ${threads} at once: ${howMany}, for up to ${inWords(maxWaitMs)}.${which} Files and hashes went on meanwhile.`,
      line,
      nextStep:
        "Keep connections open instead of looking up the same name for each call, or use dns.resolve4, which takes no thread; with UV_THREADPOOL_SIZE twice as large twice as many run.",
      readOn: "libuvs-pool",
      numbers: {
        lookups_at_once: maxAtOnce,
        lookups_waiting: Math.max(0, waiting),
        lookup_threads: threads,
        longest_wait_ms: rounded(maxWaitMs),
      },
    },
  ];
}

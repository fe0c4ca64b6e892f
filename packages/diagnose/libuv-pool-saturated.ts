import { type AsyncHook, createHook } from "node:async_hooks";
import {
  type CodeLine,
  type Diagnosis,
  type DiagnosisWatch,
  inWords,
  rounded,
  times,
} from "./diagnosis.ts";
import { configuredThreads, lateMs, poolThreadIds, probeCell } from "./libuv-probes.ts";
import { pointTo } from "./point-to.ts";
import { captureStack, functionKey, isOwnCode, type Stack } from "./stack.ts";

/** How long probes waited for a thread of libuv's pool since the window began. */
export interface PoolReading {
  readonly maxWaitMs: number;
  /** Count of the probes that waited for 50 ms or more. */
  readonly lateCalls: number;
  /** Sum of the times that they waited. */
  readonly lateMs: number;
  /** Count of the pool's threads. */
  readonly threads: number;
}

/** A probe that waits for longer does not only lack a core, in milliseconds. */
const stuckMs = 1_000;
/** Shorter waits are not reported, in milliseconds in all. */
const minMs = 150;

/** Reads the results of the probes that the watch thread sends to libuv's pool. */
export class LibuvPoolWatch {
  readonly data = new Int32Array(new SharedArrayBuffer(16));

  /** Whether calls wait right now. */
  isLate(): boolean {
    return this.#read(probeCell.waitingMs) >= lateMs;
  }

  read(): PoolReading {
    const waitingMs = this.#read(probeCell.waitingMs);
    // A call in progress may never return.
    const stuckForMs = waitingMs >= stuckMs ? waitingMs : 0;
    return {
      maxWaitMs: Math.max(this.#read(probeCell.maxMs), stuckForMs),
      lateCalls: this.#read(probeCell.lateCount),
      lateMs: this.#read(probeCell.lateMs) + stuckForMs,
      // The variable may have been set after the pool had started.
      threads: poolThreadIds().length || configuredThreads(),
    };
  }

  restartWindow(): void {
    for (const cell of [probeCell.maxMs, probeCell.lateCount, probeCell.lateMs]) {
      Atomics.store(this.data, cell, 0);
    }
  }

  #read(cell: number): number {
    return Atomics.load(this.data, cell);
  }
}

/** Finds that libuv's pool is full, and which line fills it. */
export class SaturatedPoolWatch extends LibuvPoolWatch implements DiagnosisWatch {
  /** Threads that take the cores from each other leave none for libuv's. */
  readonly explainedBy = ["more-threads-than-cores"] as const;
  readonly #callers = new PoolCallers();

  round(): void {
    if (this.isLate()) {
      this.#callers.listen();
    }
  }

  diagnoses(): Diagnosis[] {
    return diagnoseSaturatedPool(this.read(), this.#callers.line());
  }

  stop(): void {
    this.#callers.close();
  }
}

/** @param line the line that hands the pool most of its work; undefined if none was seen */
export function diagnoseSaturatedPool(
  { lateCalls, lateMs, maxWaitMs, threads }: PoolReading,
  line: CodeLine | undefined,
): Diagnosis[] {
  if (lateMs < minMs) {
    return [];
  }
  return [
    {
      name: "libuv-pool-saturated",
      finding: `More was handed to libuv's pool than its ${threads} threads could do: a call with nothing to do waited there for up to ${inWords(maxWaitMs)}, and ${times(lateCalls)} for 50 ms or more. So does every file access, name lookup, hash and compression.`,
      line,
      nextStep:
        "If that work computes, hand the pool less of it at once; if it waits, give the pool more threads with UV_THREADPOOL_SIZE.",
      readOn: "libuvs-pool",
      numbers: {
        pool_threads: threads,
        longest_wait_ms: rounded(maxWaitMs),
        late_calls: lateCalls,
        late_ms: rounded(lateMs),
      },
    },
  ];
}

/** Node's names of work for libuv's pool: files, names of hosts, compression, crypto. */
const poolTypes =
  /^(FS|GETADDRINFO|GETNAMEINFO|ZLIB|BROTLI|ZSTD|BLOB|[A-Z0-9]*(PBKDF2|SCRYPT|ARGON2|RANDOM|HASH|HKDF|KEYGEN|KEYPAIR|SIGN|CIPHER|DERIVE|CHECKPRIME|KEYEXPORT|BITS)[A-Z0-9]*REQUEST)/;
const lookupType = /^GETADDRINFO/;
/** Hooks cost something for every promise, so they are removed after this time, in milliseconds, */
const listenMs = 500;
/** and after so many calls in all. */
const maxCalls = 200;

/** Finds the lines that hand work to libuv's pool, by async hooks that are set only on demand. */
export class PoolCallers {
  readonly #stacks: Stack[] = [];
  /** Node sets the host name of a lookup after it has announced the lookup. */
  readonly #lookups: object[] = [];
  #timer: NodeJS.Timeout | undefined;
  readonly #hook: AsyncHook;

  /** @param types Node's names of the work to listen for; by default all work for the pool */
  constructor(types = poolTypes) {
    this.#hook = createHook({
      init: (_, type, __, resource) => {
        try {
          if (types.test(type)) {
            this.#add(type, resource);
          }
        } catch {
          // An error of a hook would end the process.
          this.close();
        }
      },
    });
  }

  /** Listens for the next 500 ms. To be called as long as the pool is full. */
  listen(): void {
    if (this.#timer !== undefined) {
      this.#timer.refresh();
    } else if (this.#stacks.length < maxCalls) {
      this.#hook.enable();
      this.#timer = setTimeout(() => this.close(), listenMs).unref();
    }
  }

  close(): void {
    this.#hook.disable();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #add(type: string, resource: object): void {
    const stack = captureStack();
    if (lookupType.test(type)) {
      this.#lookups.push(resource);
    }
    if (functionKey(stack, isOwnCode) !== undefined) {
      this.#stacks.push(stack);
      if (this.#stacks.length >= maxCalls) {
        this.close();
      }
    }
  }

  /** Host names that were looked up, the most frequent first. */
  hosts(): string[] {
    const names = this.#lookups.flatMap((resource) =>
      "hostname" in resource && typeof resource.hostname === "string" ? [resource.hostname] : [],
    );
    return mostFrequent(names, (name) => name);
  }

  /** The line that hands over most; undefined if none was seen. */
  line(): CodeLine | undefined {
    const keyOf = (stack: Stack) => functionKey(stack, isOwnCode);
    const [stack] = mostFrequent(this.#stacks, keyOf);
    return stack && pointTo(stack, isOwnCode)?.line;
  }
}

/** The first of each group, the largest group first. */
function mostFrequent<One>(all: readonly One[], keyOf: (one: One) => unknown): One[] {
  return [...Map.groupBy(all, keyOf).values()]
    .sort((a, b) => b.length - a.length)
    .flatMap((group) => group.slice(0, 1));
}

import { type AsyncHook, createHook } from "node:async_hooks";
import { captureStack } from "./capture-stack.ts";
import type { CodeLine } from "./diagnosis.ts";
import { pointTo } from "./point-to.ts";
import { functionKey, type OwnCode, type Stack } from "./stack.ts";

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
  readonly #isOwn: OwnCode;
  readonly #hook: AsyncHook;
  readonly #calls = new Map<string, { readonly stack: Stack; count: number }>();
  #seen = 0;
  #timer: NodeJS.Timeout | undefined;
  /** Node sets the host name of a lookup after it has announced the lookup. */
  readonly #lookups: object[] = [];

  /** @param types Node's names of the work to listen for; by default all work for the pool */
  constructor(isOwn: OwnCode, types = poolTypes) {
    this.#isOwn = isOwn;
    this.#hook = createHook({
      init: (_, type, __, resource) => {
        try {
          if (types.test(type)) {
            this.#add(captureStack());
            if (lookupType.test(type)) {
              this.#lookups.push(resource);
            }
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
    if (this.#seen >= maxCalls) {
      return;
    }
    if (this.#timer === undefined) {
      this.#hook.enable();
      this.#timer = setTimeout(() => this.close(), listenMs).unref();
    } else {
      this.#timer.refresh();
    }
  }

  close(): void {
    this.#hook.disable();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #add(stack: Stack): void {
    const key = functionKey(stack, this.#isOwn);
    if (key !== undefined) {
      const call = this.#calls.get(key) ?? { stack, count: 0 };
      call.count++;
      this.#calls.set(key, call);
      this.#seen++;
      if (this.#seen === maxCalls) {
        this.close();
      }
    }
  }

  /** Host names that were looked up, the most frequent first. */
  hosts(): string[] {
    const counts = new Map<string, number>();
    for (const resource of this.#lookups) {
      if ("hostname" in resource && typeof resource.hostname === "string") {
        counts.set(resource.hostname, (counts.get(resource.hostname) ?? 0) + 1);
      }
    }
    return [...counts].sort(([, a], [, b]) => b - a).map(([name]) => name);
  }

  /** The line that hands over most; undefined if none was seen. */
  line(): CodeLine | undefined {
    const [first] = [...this.#calls.values()].sort((a, b) => b.count - a.count);
    return first && pointTo(first.stack, this.#isOwn)?.line;
  }
}

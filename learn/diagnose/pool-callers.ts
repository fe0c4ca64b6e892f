import { type AsyncHook, createHook } from "node:async_hooks";
import { captureStack } from "./capture-stack.ts";
import type { CodeLine } from "./diagnosis.ts";
import { pointTo } from "./point-to.ts";
import { functionKey, type OwnCode, type Stack } from "./stack.ts";

/** What Node calls the work that it hands to libuv's pool: files, names of hosts, compression, crypto. */
const inPool =
  /^(FS|GETADDRINFO|GETNAMEINFO|ZLIB|BROTLI|ZSTD|BLOB|[A-Z0-9]*(PBKDF2|SCRYPT|ARGON2|RANDOM|HASH|HKDF|KEYGEN|KEYPAIR|SIGN|CIPHER|DERIVE|CHECKPRIME|KEYEXPORT|BITS)[A-Z0-9]*REQUEST)/;
const isLookup = /^GETADDRINFO/;
/** Hooks cost something for every promise, so they stay no longer after they were wanted, in milliseconds, */
const listenMs = 500;
/** and no longer than it takes to see so many calls. */
const enough = 200;

/** Sees which lines hand work to libuv's pool, while that matters. */
export class PoolCallers {
  readonly #isOwn: OwnCode;
  readonly #hook: AsyncHook;
  readonly #calls = new Map<string, { readonly stack: Stack; count: number }>();
  #seen = 0;
  #timer: NodeJS.Timeout | undefined;

  /** Node sets the name of the host after it has made them. */
  readonly #lookups: object[] = [];

  /** @param types what is listened to, as Node calls it */
  constructor(isOwn: OwnCode, types = inPool) {
    this.#isOwn = isOwn;
    this.#hook = createHook({
      init: (_, type, __, resource) => {
        try {
          if (types.test(type)) {
            this.#note(captureStack());
            if (isLookup.test(type)) {
              this.#lookups.push(resource);
            }
          }
        } catch {
          // What a hook throws ends the process.
          this.close();
        }
      },
    });
  }

  /** Listens from now on for a moment. To be called as long as the pool has too much to do. */
  listen(): void {
    if (this.#seen >= enough) {
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

  #note(stack: Stack): void {
    const key = functionKey(stack, this.#isOwn);
    if (key !== undefined) {
      const call = this.#calls.get(key) ?? { stack, count: 0 };
      call.count++;
      this.#calls.set(key, call);
      this.#seen++;
      if (this.#seen === enough) {
        this.close();
      }
    }
  }

  /** The names of hosts that were asked for, the most frequent first. */
  names(): string[] {
    const counts = new Map<string, number>();
    for (const resource of this.#lookups) {
      if ("hostname" in resource && typeof resource.hostname === "string") {
        counts.set(resource.hostname, (counts.get(resource.hostname) ?? 0) + 1);
      }
    }
    return [...counts].sort(([, a], [, b]) => b - a).map(([name]) => name);
  }

  /** The line that hands over most; undefined when none was seen. */
  line(): CodeLine | undefined {
    const [most] = [...this.#calls.values()].sort((a, b) => b.count - a.count);
    return most && pointTo(most.stack, this.#isOwn)?.line;
  }
}

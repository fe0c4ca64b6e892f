import { type AsyncHook, createHook } from "node:async_hooks";
import { captureStack } from "./capture-stack.ts";
import type { CodeLine } from "./diagnosis.ts";
import { pointTo } from "./point-to.ts";
import { functionKey, isOwnCode, type Stack } from "./stack.ts";

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

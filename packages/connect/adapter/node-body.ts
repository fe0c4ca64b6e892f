import type { Readable } from "node:stream";
import type { ExchangeListener } from "./exchange.ts";

/** Max bytes that are read of a discarded body, so that its sender reads the response. */
export const maxDiscardedBytes = 16 * 1024 * 1024;

/**
 * The body of a request of Node's servers.
 *
 * A discarded body is read to its end: its sender would not read the response otherwise (over HTTP/2 it waits
 * for its window, over HTTP/1.1 the connection would be reset).
 */
export class NodeBody {
  readonly #source: Readable;
  #isDiscarding = false;
  #discardedBytes = 0;

  /**
   * @param ended called at the end of the body, which Node emits for one that was cut off as well
   * @param cut ends a request whose discarded body is too long
   */
  constructor(source: Readable, listener: ExchangeListener, ended: () => void, cut: () => void) {
    this.#source = source;
    source.on("data", (chunk: Uint8Array) => {
      if (!this.#isDiscarding) {
        listener.onChunk(chunk);
        return;
      }
      this.#discardedBytes += chunk.length;
      if (this.#discardedBytes > maxDiscardedBytes) {
        cut();
      }
    });
    source.on("end", () => {
      if (!this.#isDiscarding) {
        ended();
      }
    });
  }

  discard(): void {
    this.#isDiscarding = true;
    this.#source.resume();
  }
}

import type { Socket } from "node:net";

const chunkBytes = 64 * 1_024;

/** Collects what is sent in one turn of the loop, and hands it to the socket at once. */
export class Outbox {
  readonly #socket: Socket;
  #chunk = Buffer.allocUnsafe(chunkBytes);
  /** What is to be written; what is before may still be read by the socket. */
  #start = 0;
  #end = 0;
  readonly #flushLater = () => this.flush();

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Copies the bytes. */
  append(bytes: Uint8Array): void {
    if (bytes.length > this.#chunk.length - this.#end) {
      this.flush();
      this.#chunk = Buffer.allocUnsafe(Math.max(chunkBytes, bytes.length));
      this.#start = 0;
      this.#end = 0;
    }
    if (this.#start === this.#end) {
      // After the promises that this turn of the loop still settles.
      process.nextTick(this.#flushLater);
    }
    this.#chunk.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  flush(): void {
    if (this.#start < this.#end && !this.#socket.destroyed) {
      this.#socket.write(this.#chunk.subarray(this.#start, this.#end));
    }
    this.#start = this.#end;
  }
}

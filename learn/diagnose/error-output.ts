import { writeSync } from "node:fs";

/** Between two tries while nobody reads, in milliseconds. */
const retryMs = 20;
/** A reader that takes nothing for so long at the end takes no more, in milliseconds. */
const patienceMs = 10_000;
/** What waits for a reader meanwhile, in bytes. */
const mostWaiting = 1_024 * 1_024;

/**
 * Writes to standard error or another descriptor, whole, also where that is a pipe whose reader is slow: what the pipe does not
 * take waits. With process.stderr it would be lost when the process exits, and a reader who has gone
 * would make an error that ends the process.
 */
export class ErrorOutput {
  #waiting: Buffer = Buffer.alloc(0);
  #leftOut = 0;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #descriptor: number;

  /** @param descriptor standard error, if undefined; a pipe there should not block */
  constructor(descriptor = 2) {
    this.#descriptor = descriptor;
  }

  /** Keeps nobody waiting. */
  write(text: string): void {
    if (this.#waiting.length > mostWaiting) {
      this.#leftOut++;
      return;
    }
    this.#add(text);
    this.#writeSome();
    this.#retry();
  }

  /** Blocks until all is written, for as long as somebody reads. To be called before the process ends. */
  flush(): void {
    clearTimeout(this.#timer);
    const cell = new Int32Array(new SharedArrayBuffer(4));
    let idleMs = 0;
    while (this.#waiting.length > 0 && idleMs < patienceMs) {
      if (this.#writeSome()) {
        idleMs = 0;
      } else {
        Atomics.wait(cell, 0, 0, retryMs);
        idleMs += retryMs;
      }
    }
  }

  #retry(): void {
    clearTimeout(this.#timer);
    if (this.#waiting.length > 0) {
      this.#timer = setTimeout(() => {
        this.#writeSome();
        this.#retry();
      }, retryMs).unref();
    }
  }

  /** @returns whether something could be written */
  #writeSome(): boolean {
    const before = this.#waiting.length;
    try {
      while (this.#waiting.length > 0) {
        this.#waiting = this.#waiting.subarray(writeSync(this.#descriptor, this.#waiting));
      }
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) {
        // Nobody will read it any more.
        this.#isClosed = true;
        this.#waiting = Buffer.alloc(0);
      }
    }
    if (this.#waiting.length === 0 && this.#leftOut > 0) {
      const leftOut = this.#leftOut;
      this.#leftOut = 0;
      this.#add(`unblock diagnose: ${leftOut} messages were left out, as nobody read them\n`);
    }
    return this.#waiting.length < before;
  }

  #add(text: string): void {
    if (!this.#isClosed) {
      this.#waiting = Buffer.concat([this.#waiting, Buffer.from(text)]);
    }
  }
}

/**
 * Lets writes to standard error return when a pipe is full, as Node does for process.stderr, instead of
 * blocking the thread for as long as nobody reads.
 */
export function unblockStandardError(): void {
  try {
    void process.stderr;
  } catch {
    // There is none.
  }
}

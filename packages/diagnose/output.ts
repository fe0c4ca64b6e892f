import { constants, fstatSync, openSync, writeSync } from "node:fs";
import { Socket } from "node:net";

/** Interval of attempts while the reader is slow. */
const retryMs = 20;
/** Timeout at the end of the process for a reader that takes nothing. */
const flushTimeoutMs = 10_000;
/** Further messages are dropped while more than this waits for the reader. */
const maxWaitingBytes = 1_024 * 1_024;

/**
 * Writes whole messages to a descriptor, also to a pipe whose reader is slow: what the pipe does not take waits in
 * memory. With process.stderr it would be lost when the process exits, and a reader that has closed the pipe would
 * cause an error that ends the process.
 */
export class DescriptorOutput {
  #waiting: Buffer = Buffer.alloc(0);
  #dropped = 0;
  #isClosed = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #descriptor: number;

  /** @param descriptor by default standard error; a pipe should be non-blocking */
  constructor(descriptor = standardError) {
    this.#descriptor = descriptor;
  }

  /** Returns without waiting for the reader. */
  write(text: string): void {
    if (this.#waiting.length > maxWaitingBytes) {
      this.#dropped++;
      return;
    }
    this.#add(text);
    this.#writeSome();
    this.#retry();
  }

  /** Blocks until all is written, or nothing was for 10 s. To be called before the process ends. */
  flush(): void {
    clearTimeout(this.#timer);
    const cell = new Int32Array(new SharedArrayBuffer(4));
    let idleMs = 0;
    while (this.#waiting.length > 0 && idleMs < flushTimeoutMs) {
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

  /** @returns whether anything was written */
  #writeSome(): boolean {
    const before = this.#waiting.length;
    try {
      while (this.#waiting.length > 0) {
        this.#waiting = this.#waiting.subarray(writeSync(this.#descriptor, this.#waiting));
      }
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "EAGAIN")) {
        // The reader has closed the pipe.
        this.#isClosed = true;
        this.#waiting = Buffer.alloc(0);
      }
    }
    if (this.#waiting.length === 0 && this.#dropped > 0) {
      const dropped = this.#dropped;
      this.#dropped = 0;
      this.#add(`unblock diagnose: ${dropped} messages were dropped, as the reader was too slow\n`);
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
 * Makes writes to standard error return when a pipe is full, as Node does for process.stderr, instead of blocking
 * the thread until the reader reads.
 */
export function unblockStandardError(): void {
  try {
    void process.stderr;
  } catch {
    // Standard error is closed.
  }
}

const standardError = 2;

/** Descriptor that `--json` makes of the program's standard output, which goes to standard error then. */
export const jsonDescriptor = 9;

/**
 * Opens the output for findings as JSON lines.
 *
 * @param pid process that has {@link jsonDescriptor}. The processes that it forks have no such descriptor, and open
 *   it by the parent's folder in /proc. If that is impossible, as with a socket or without Linux, they write to
 *   their own standard error.
 */
export function openJsonOutput(pid: number): DescriptorOutput {
  return new DescriptorOutput(pid === process.pid ? ownDescriptor() : reopen(pid));
}

function ownDescriptor(): number {
  if (fstatSync(jsonDescriptor).isFile()) {
    // Other processes write to the file too, so each write has to append.
    return reopen(process.pid);
  }
  try {
    // Makes a pipe non-blocking.
    new Socket({ fd: jsonDescriptor, readable: false, writable: true }).unref();
  } catch {
    // A terminal.
  }
  return jsonDescriptor;
}

function reopen(pid: number): number {
  const { O_WRONLY, O_APPEND, O_NONBLOCK } = constants;
  try {
    const file = `/proc/${pid}/fd/${jsonDescriptor}`;
    const descriptor = openSync(file, O_WRONLY | O_APPEND | O_NONBLOCK);
    return isSameFile(descriptor, standardError) ? standardError : descriptor;
  } catch {
    return pid === process.pid ? jsonDescriptor : standardError;
  }
}

/** Whether both are the same file, in which they would overwrite each other. */
function isSameFile(one: number, other: number): boolean {
  const [first, second] = [fstatSync(one), fstatSync(other)];
  return first.isFile() && first.dev === second.dev && first.ino === second.ino;
}

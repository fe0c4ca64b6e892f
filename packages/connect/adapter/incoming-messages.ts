import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { compressedFlag } from "@connectrpc/connect/protocol";
import { type EnvelopedMessage, incomplete, lengthAt, prefixBytes } from "./envelope.ts";
import { tooLarge } from "./errors.ts";
import { RequestBody } from "./request-body.ts";

/** Takes the messages of a stream out of their envelopes, and keeps them until they are read. */
export class IncomingMessages {
  readonly #readMaxBytes: number;
  readonly #ignoredFlag: number;
  readonly #complete: EnvelopedMessage[] = [];
  readonly #prefix = Buffer.alloc(prefixBytes);
  #bytesOfPrefix = 0;
  /** The message whose end is missing; undefined between messages. */
  #message: RequestBody | undefined;
  #missingBytes = 0;
  /** Bytes of the complete messages. */
  completeBytes = 0;

  /** @param ignoredFlag flag of envelopes that are no messages; 0 for none */
  constructor(readMaxBytes: number, ignoredFlag: number) {
    this.#readMaxBytes = readMaxBytes;
    this.#ignoredFlag = ignoredFlag;
  }

  /** Bytes of all messages that are kept. */
  get bytes(): number {
    return this.completeBytes + (this.#message?.bytes ?? 0);
  }

  /** @throws ConnectError for a message that is too large */
  add(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      at = this.#message === undefined ? this.#begin(chunk, at) : this.#continue(chunk, at);
    }
  }

  /** @throws ConnectError when a message is incomplete */
  end(): void {
    if (this.#message !== undefined || this.#bytesOfPrefix > 0) {
      throw incomplete();
    }
  }

  /** Returns the next complete message; undefined when there is none. */
  take(): EnvelopedMessage | undefined {
    const message = this.#complete.shift();
    this.completeBytes -= message?.bytes.length ?? 0;
    return message;
  }

  drop(): void {
    this.#complete.length = 0;
    this.#message = undefined;
    this.completeBytes = 0;
  }

  /** @returns where the next message begins, or the rest of this one */
  #begin(chunk: Uint8Array, at: number): number {
    if (this.#bytesOfPrefix === 0 && chunk.length - at >= prefixBytes) {
      return this.#open(chunk, at, chunk, at + prefixBytes);
    }
    const taken = Math.min(prefixBytes - this.#bytesOfPrefix, chunk.length - at);
    this.#prefix.set(chunk.subarray(at, at + taken), this.#bytesOfPrefix);
    this.#bytesOfPrefix += taken;
    return this.#bytesOfPrefix < prefixBytes
      ? at + taken
      : this.#open(this.#prefix, 0, chunk, at + taken);
  }

  #open(prefix: Uint8Array, prefixAt: number, chunk: Uint8Array, at: number): number {
    const length = lengthAt(prefix, prefixAt + 1);
    if (length > this.#readMaxBytes) {
      throw tooLarge(this.#readMaxBytes, length);
    }
    this.#prefix[0] = prefix[prefixAt] ?? 0;
    this.#bytesOfPrefix = 0;
    const end = at + length;
    if (end <= chunk.length) {
      this.#keep(chunk.subarray(at, end));
      return end;
    }
    this.#message = new RequestBody();
    this.#missingBytes = length;
    return at;
  }

  #continue(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + this.#missingBytes);
    this.#message?.add(chunk.subarray(at, end));
    this.#missingBytes -= end - at;
    if (this.#missingBytes === 0) {
      this.#keep(this.#message?.take() ?? chunk.subarray(0, 0));
      this.#message = undefined;
    }
    return end;
  }

  #keep(bytes: Uint8Array): void {
    const flags = this.#prefix[0] ?? 0;
    if ((flags & this.#ignoredFlag) === 0) {
      this.#complete.push({ bytes, isCompressed: (flags & compressedFlag) !== 0 });
      this.completeBytes += bytes.length;
    }
  }
}

export type Message = MessageShape<DescMessage>;

/** Where the messages come from. */
export interface MessageSource {
  /**
   * Returns the next message; undefined when there is none yet.
   *
   * @throws why no message follows
   */
  take(): Message | Promise<Message> | undefined;
  /** Resolves when there may be a message, or none will come; undefined after the last message. */
  changed(): Promise<void> | undefined;
  /** The handler reads no more. */
  stop(): void;
}

type Result = IteratorResult<Message, undefined>;

const done = { done: true, value: undefined } as const;

/**
 * Messages of the caller, for the handler. Like a generator, but a message that has arrived costs one promise
 * instead of four.
 */
export class MessageIterator implements AsyncIterableIterator<Message> {
  readonly #source: MessageSource;
  /** The call of `next` that waits; later ones follow it. */
  #waiting: Promise<unknown> | undefined;
  #isDone = false;

  constructor(source: MessageSource) {
    this.#source = source;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    if (this.#waiting !== undefined) {
      return this.#waiting.then(() => this.next());
    }
    if (this.#isDone) {
      return Promise.resolve(done);
    }
    try {
      const message = this.#source.take();
      if (message !== undefined && !(message instanceof Promise)) {
        return Promise.resolve({ done: false, value: message });
      }
      const later = this.#nextLater(message);
      const settled = () => {
        this.#waiting = undefined;
      };
      this.#waiting = later.then(settled, settled);
      return later;
    } catch (error) {
      this.#isDone = true;
      return Promise.reject(error);
    }
  }

  return(): Promise<Result> {
    if (!this.#isDone) {
      this.#isDone = true;
      this.#source.stop();
    }
    return Promise.resolve(done);
  }

  async #nextLater(first: Promise<Message> | undefined): Promise<Result> {
    try {
      let message: Message | Promise<Message> | undefined = first;
      while (message === undefined) {
        const changed = this.#source.changed();
        if (changed === undefined || this.#isDone) {
          this.#isDone = true;
          return done;
        }
        await changed;
        message = this.#source.take();
      }
      return { done: false, value: await message };
    } catch (error) {
      this.#isDone = true;
      throw error;
    }
  }
}

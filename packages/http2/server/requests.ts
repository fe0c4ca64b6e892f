import { errorCode } from "../errors.ts";
import type { ReceiveWindow } from "../flow-control.ts";
import { CollectedBody } from "./body.ts";
import type { MemoryBudget } from "./options.ts";
import type { HeaderFields } from "./request-fields.ts";
import { type OpenStream, progressBytes } from "./stream.ts";
import type { StreamEnds } from "./stream-ends.ts";

const noBytes = Buffer.alloc(0);
/** Value of `maxBodyBytes` when the body is handed on in parts, and when it is dropped. */
const inParts = -1;
const dropped = -2;

/** Hands bodies and ends of requests to the handlers, as whole or in parts, within the budget. */
export class Requests {
  readonly #window: ReceiveWindow;
  readonly #budget: MemoryBudget;
  readonly #ends: StreamEnds;

  constructor(window: ReceiveWindow, budget: MemoryBudget, ends: StreamEnds) {
    this.#window = window;
    this.#budget = budget;
    this.#ends = ends;
  }

  /**
   * @param frameBytes what flow control counts for the chunk
   * @param nowMs coarse clock, for the time limit of bodies
   */
  onData(
    stream: OpenStream,
    chunk: Buffer,
    frameBytes: number,
    isLast: boolean,
    nowMs: number,
  ): void {
    if (stream.maxBodyBytes === inParts && !stream.isDropping) {
      this.#window.giveStream(stream, frameBytes - chunk.length);
      this.#handOn(stream, chunk);
      if (isLast) {
        this.onEnd(stream);
      }
      return;
    }
    stream.isRemoteClosed = isLast;
    this.#window.giveStream(stream, frameBytes);
    if (stream.isDropping) {
      this.#ends.onDropped(stream, frameBytes);
    } else if (stream.maxBodyBytes === dropped) {
      return;
    } else if (stream.receivedBytes > stream.maxBodyBytes) {
      this.#onTooLarge(stream);
    } else if (isLast) {
      this.onEnd(stream, chunk);
    } else {
      this.#collect(stream, chunk, nowMs);
    }
  }

  /** @param chunk what came last */
  onEnd(stream: OpenStream, chunk: Buffer = noBytes, trailers?: HeaderFields): void {
    stream.isRemoteClosed = true;
    if (stream.isDropping) {
      this.#ends.onDropped(stream, 0);
      return;
    }
    if (stream.isOver || stream.maxBodyBytes === dropped) {
      return;
    }
    let body = chunk;
    if (stream.body !== undefined) {
      body = stream.body.join(chunk);
      this.#budget.give(stream.body.bytes);
      stream.body = undefined;
    }
    try {
      stream.receiver.onEnd?.(stream, body, trailers);
    } catch (error) {
      this.#ends.onHandlerError(stream, error);
    }
  }

  /** The handler has dealt with so many bytes. */
  release(stream: OpenStream, bytes: number): void {
    const released = Math.min(bytes, stream.heldBytes);
    if (released > 0) {
      stream.heldBytes -= released;
      this.#budget.give(released);
      this.#window.giveStream(stream, released);
    }
  }

  /** Gives back what a stream that is over still holds. */
  drop(stream: OpenStream): void {
    if (stream.body !== undefined) {
      this.#budget.give(stream.body.bytes);
      stream.body = undefined;
    }
    if (stream.heldBytes > 0) {
      this.#budget.give(stream.heldBytes);
      this.#window.give(stream.heldBytes);
      stream.heldBytes = 0;
    }
  }

  #handOn(stream: OpenStream, chunk: Buffer): void {
    if (chunk.length === 0) {
      return;
    }
    if (stream.receiver.onData === undefined || stream.isOver) {
      this.#window.giveStream(stream, chunk.length);
      return;
    }
    if (!this.#budget.take(chunk.length)) {
      this.#window.give(chunk.length);
      this.#ends.fault(stream, errorCode.enhanceYourCalm);
      return;
    }
    stream.heldBytes += chunk.length;
    try {
      stream.receiver.onData(stream, chunk);
    } catch (error) {
      this.#ends.onHandlerError(stream, error);
    }
  }

  #collect(stream: OpenStream, chunk: Buffer, nowMs: number): void {
    if (chunk.length === 0) {
      return;
    }
    if (!this.#budget.take(chunk.length)) {
      this.#ends.fault(stream, errorCode.enhanceYourCalm);
      return;
    }
    stream.body ??= new CollectedBody();
    stream.body.add(chunk);
    stream.bodyProgress += chunk.length;
    if (stream.bodyProgress >= progressBytes) {
      stream.bodyProgress = 0;
      stream.bodySinceMs = nowMs;
    }
  }

  #onTooLarge(stream: OpenStream): void {
    this.drop(stream);
    stream.maxBodyBytes = dropped;
    if (stream.receiver.onTooLarge === undefined) {
      this.#ends.fault(stream, errorCode.enhanceYourCalm);
      return;
    }
    this.#ends.guard(stream, () => stream.receiver.onTooLarge?.(stream));
  }
}

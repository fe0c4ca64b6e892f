import type { Duplex } from "node:stream";
import { Outbox } from "../outbox.ts";
import { FrameWriter } from "./frame-writer.ts";
import type { MemoryBudget } from "./options.ts";
import { type OpenStream, progressBytes, type QueuedPart } from "./stream.ts";
import type { StreamEnds } from "./stream-ends.ts";

/** Bytes that a connection sends in one turn of the loop, so that others are not held up. */
const maxTurnBytes = 256 * 1_024;

/**
 * Sends responses as far as the peer's windows and the socket take them, and keeps the rest, within
 * the connection's budget.
 */
export class Sender {
  readonly outbox: Outbox;
  readonly writer: FrameWriter;
  /** When the socket became full, by the coarse clock; 0 while it is not. */
  fullSinceMs = 0;
  /** Clock of the connection, advanced by its watchdog. */
  coarseMs = 0;
  readonly #duplex: Duplex;
  readonly #budget: MemoryBudget;
  readonly #highWaterBytes: number;
  readonly #ends: StreamEnds;
  /** Streams with parts in their queues, in the order of their turns. */
  readonly #queued = new Set<OpenStream>();
  /** Streams whose handlers wait for `onDrain`. */
  readonly #draining = new Set<OpenStream>();
  #isFull = false;
  #isPumpScheduled = false;

  constructor(duplex: Duplex, budget: MemoryBudget, highWaterBytes: number, ends: StreamEnds) {
    this.#duplex = duplex;
    this.#budget = budget;
    this.#highWaterBytes = highWaterBytes;
    this.#ends = ends;
    this.outbox = new Outbox(duplex, () => this.#onFlushed());
    this.writer = new FrameWriter(this.outbox);
    duplex.on("drain", () => {
      this.#isFull = false;
      this.fullSinceMs = 0;
      this.#pumpLater();
    });
  }

  /** Whether the socket takes more: the peer reads, and this turn of the loop has sent little. */
  get canSend(): boolean {
    return !this.#isFull && this.outbox.pendingBytes < maxTurnBytes;
  }

  respond(
    stream: OpenStream,
    header: Uint8Array,
    body: Uint8Array,
    trailer: Uint8Array,
    prefix: Uint8Array,
  ): void {
    if (stream.isOver) {
      return;
    }
    if (
      stream.queue === undefined &&
      this.canSend &&
      this.writer.writeResponse(stream, header, prefix, body, trailer)
    ) {
      stream.isLocalClosed = true;
      this.#ends.onSent(stream);
      return;
    }
    const bodyBytes = prefix.length + body.length;
    const hasTrailer = trailer.length > 0;
    this.sendBlock(stream, header, bodyBytes === 0 && !hasTrailer);
    if (prefix.length > 0) {
      this.sendData(stream, prefix, body.length === 0 && !hasTrailer);
    }
    if (body.length > 0) {
      this.sendData(stream, body, !hasTrailer);
    }
    if (hasTrailer) {
      this.sendBlock(stream, trailer, true);
    }
  }

  sendBlock(stream: OpenStream, block: Uint8Array, endStream: boolean): void {
    stream.hasHeader = true;
    this.#send(stream, { isBlock: true, bytes: block, endStream });
  }

  /** @returns whether more can be sent without having to wait */
  sendData(stream: OpenStream, bytes: Uint8Array, endStream: boolean): boolean {
    if (stream.isOver) {
      return true;
    }
    if (!stream.hasHeader) {
      throw new TypeError("Expected `sendHeader` before `sendData`");
    }
    if (bytes.length > 0 || endStream) {
      this.#send(stream, { isBlock: false, bytes, endStream });
    }
    if (stream.isOver || (stream.queuedBytes < this.#highWaterBytes && this.canSend)) {
      return true;
    }
    stream.wantsDrain = true;
    this.#draining.add(stream);
    return false;
  }

  /** Forgets what has not been sent. */
  drop(stream: OpenStream): void {
    if (stream.queue !== undefined) {
      this.#budget.give(stream.queuedBytes);
      stream.queue = undefined;
      stream.queuedBytes = 0;
      this.#queued.delete(stream);
    }
    if (stream.wantsDrain) {
      this.#draining.delete(stream);
    }
  }

  #send(stream: OpenStream, part: QueuedPart): void {
    if (stream.isOver) {
      return;
    }
    stream.isLocalClosed = part.endStream;
    if (stream.queue === undefined) {
      stream.sentOfFirst = 0;
      while (this.canSend) {
        if (this.writer.writeFrame(stream, part)) {
          if (part.endStream) {
            this.#ends.onSent(stream);
          }
          return;
        }
        if (this.writer.window.frameBytes(stream) <= 0) {
          break;
        }
      }
    }
    const bytes = part.bytes.length - (stream.queue === undefined ? stream.sentOfFirst : 0);
    if (!this.#budget.take(bytes)) {
      this.#ends.onUnread(stream);
      return;
    }
    stream.queuedBytes += bytes;
    if (stream.queue === undefined) {
      stream.queue = [];
      stream.sentOfQueue = 0;
      stream.queuedSinceMs = this.coarseMs;
      this.#queued.add(stream);
    }
    stream.queue.push(part);
    if (!this.#isFull && this.writer.window.frameBytes(stream) > 0) {
      this.#pumpLater();
    }
  }

  /** Writes a frame of each stream in turn, until nothing more can be sent. */
  pump(): void {
    // Streams in a row whose windows allow nothing.
    let blocked = 0;
    // What is left goes on after the flush, or when the socket has drained.
    while (blocked < this.#queued.size && this.canSend) {
      const { value: stream } = this.#queued.values().next();
      if (stream === undefined) {
        return;
      }
      this.#queued.delete(stream);
      this.#queued.add(stream);
      blocked = this.#writeQueued(stream) ? 0 : blocked + 1;
    }
  }

  /** @returns whether something was written */
  #writeQueued(stream: OpenStream): boolean {
    const part = stream.queue?.[0];
    if (stream.queue === undefined || part === undefined) {
      return false;
    }
    const before = stream.sentOfFirst;
    const isComplete = this.writer.writeFrame(stream, part);
    const written = isComplete ? part.bytes.length - before : stream.sentOfFirst - before;
    stream.queuedBytes -= written;
    this.#budget.give(written);
    stream.sentOfQueue += written;
    if (stream.sentOfQueue >= progressBytes) {
      stream.sentOfQueue = 0;
      stream.queuedSinceMs = this.coarseMs;
    }
    if (!isComplete) {
      return written > 0;
    }
    stream.sentOfFirst = 0;
    stream.queue.shift();
    if (stream.queue.length === 0) {
      stream.queue = undefined;
      this.#queued.delete(stream);
      if (part.endStream) {
        this.#ends.onSent(stream);
      }
    }
    return true;
  }

  #onFlushed(): void {
    if (this.#duplex.writableNeedDrain && !this.#isFull) {
      this.#isFull = true;
      this.fullSinceMs = this.coarseMs;
    }
    if (!this.#isFull && (this.#queued.size > 0 || this.#draining.size > 0)) {
      this.#pumpLater();
    }
  }

  /** In the next turn of the loop, so that one busy connection does not hold up the others. */
  #pumpLater(): void {
    if (!this.#isPumpScheduled && this.#queued.size + this.#draining.size > 0) {
      this.#isPumpScheduled = true;
      setImmediate(() => {
        this.#isPumpScheduled = false;
        this.pump();
        this.#reportDrained();
      });
    }
  }

  #reportDrained(): void {
    for (const stream of [...this.#draining]) {
      if (stream.queue === undefined && this.canSend && this.#draining.delete(stream)) {
        stream.wantsDrain = false;
        this.#ends.guard(stream, () => stream.receiver.onDrain?.(stream));
      }
    }
  }
}

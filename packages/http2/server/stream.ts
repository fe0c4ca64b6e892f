import { errorCode } from "../errors.ts";
import type { SendWindow } from "../flow-control.ts";
import type { CollectedBody } from "./body.ts";
import type { ConnectionLimits } from "./options.ts";
import type { HeaderFields } from "./request-fields.ts";

/** Called with each request, when its header has arrived. */
export type OnStream = (stream: ServerStream) => void;

/**
 * Receives what happens to a stream after its header. One object may serve many streams. None of
 * these may throw: an error resets the stream with INTERNAL_ERROR.
 */
export interface StreamReceiver {
  /** Part of the body, only after `receive`. Call `release` when it is dealt with. */
  onData?(stream: ServerStream, chunk: Buffer): void;
  /**
   * The request is complete.
   *
   * @param body the whole body after `collect`, otherwise empty; a view whose bytes do not change,
   *   and which keeps up to 64 KiB of memory as long as it is referenced
   */
  onEnd?(stream: ServerStream, body: Buffer, trailers: HeaderFields | undefined): void;
  /**
   * The body is larger than `collect` allowed. The rest of it is dropped; send a response. Without
   * this method the stream is reset with ENHANCE_YOUR_CALM.
   */
  onTooLarge?(stream: ServerStream): void;
  /** What waited on this stream has been sent, after `sendData` returned false. */
  onDrain?(stream: ServerStream): void;
  /** The whole response has been handed to the socket. Called at most once and nothing after it. */
  onSent?(stream: ServerStream): void;
  /**
   * The stream ended before the whole response had been handed to the socket: the peer reset it, broke
   * the rules, read too slowly, or left. Called at most once and nothing after it, also while the
   * handler sends. Not called for `reset`.
   *
   * @param code error code of HTTP/2, such as 8 for CANCEL
   */
  onAbort?(stream: ServerStream, code: number): void;
}

/** Part of a response that waits for a window or for the socket. */
export interface QueuedPart {
  readonly isBlock: boolean;
  readonly bytes: Uint8Array;
  readonly endStream: boolean;
}

/** One request and its response. Calls after the stream's end do nothing. */
export interface ServerStream {
  readonly id: number;
  readonly fields: HeaderFields;
  /** Free for the handler. */
  context: unknown;
  /** Whether the whole request has arrived. */
  readonly isRemoteClosed: boolean;
  /** Whether nothing more can be sent: the response is complete, or the stream was aborted. */
  readonly isOver: boolean;
  /**
   * Has the whole body handed to `onEnd` at once. Call it while the header is handled.
   *
   * @param maxBytes by default the option `maxBodyBytes`
   */
  collect(receiver: StreamReceiver, maxBytes?: number): void;
  /**
   * Has the body handed to `onData` as it comes. The peer may send as much as its windows allow
   * beyond what was released. Call it while the header is handled.
   */
  receive(receiver: StreamReceiver): void;
  /** Lets the peer send so many bytes more, after `onData`. */
  release(bytes: number): void;
  /**
   * Sends a whole response, at best as one piece. Bytes that have to wait are kept as they are: do
   * not change them afterwards.
   *
   * @param header block of `encodeHeaderBlock`, with `:status`
   * @param trailer block of the trailers
   * @param prefix start of the body, such as the envelope of a gRPC message
   */
  respond(header: Uint8Array, body: Uint8Array, trailer: Uint8Array, prefix?: Uint8Array): void;
  /** Sends the header, or an informational response (1xx) before it, or trailers with `endStream`. */
  sendHeader(block: Uint8Array, endStream?: boolean): void;
  /**
   * Sends part of the body. Do not change the bytes afterwards.
   *
   * @returns false when more should wait for `onDrain`
   * @throws TypeError before `sendHeader`
   */
  sendData(bytes: Uint8Array, endStream?: boolean): boolean;
  /** Sends trailers and ends the stream. */
  sendTrailer(block: Uint8Array): void;
  /** Resets the stream as soon as its response is sent, also when the rest of the request could be dropped. */
  resetAfterResponse(): void;
  /** Ends the stream with RST_STREAM. `onAbort` is not called. */
  reset(code?: number): void;
}

/** A body or response that moves by less than this within its time limit is stuck. */
export const progressBytes = 64 * 1_024;
const noReceiver: StreamReceiver = {};
const noBytes = new Uint8Array(0);

/** The connection, as far as its streams call it. */
export interface StreamOwner {
  readonly limits: ConnectionLimits;
  readonly sender: {
    readonly coarseMs: number;
    readonly writer: { readonly window: SendWindow };
    respond(
      stream: OpenStream,
      header: Uint8Array,
      body: Uint8Array,
      trailer: Uint8Array,
      prefix: Uint8Array,
    ): void;
    sendBlock(stream: OpenStream, block: Uint8Array, endStream: boolean): void;
    sendData(stream: OpenStream, bytes: Uint8Array, endStream: boolean): boolean;
  };
  readonly requests: { release(stream: OpenStream, bytes: number): void };
  readonly ends: { reset(stream: OpenStream, code: number): void };
}

/** A stream as its connection knows it. */
export class OpenStream implements ServerStream {
  readonly id: number;
  readonly fields: HeaderFields;
  readonly #connection: StreamOwner;
  context: unknown = undefined;
  receiver: StreamReceiver = noReceiver;
  /** Size up to which the body is collected; -1 when it is handed on in parts. */
  maxBodyBytes = -1;
  body: CollectedBody | undefined = undefined;
  /** Bytes of the body so far, to be compared with content-length. */
  receivedBytes = 0;
  /** What the peer may still send, and what it may send again but was not told yet. */
  receiveWindow: number;
  returnableBytes = 0;
  /** Bytes handed on that the handler has not released. */
  heldBytes = 0;
  sendWindow: number;
  /** Undefined as long as nothing had to wait. */
  queue: QueuedPart[] | undefined = undefined;
  queuedBytes = 0;
  /** Bytes of the first part in the queue that have been sent. */
  sentOfFirst = 0;
  /** When the body and the queue began or last made progress, by the connection's coarse clock. */
  bodySinceMs: number;
  queuedSinceMs = 0;
  /** Bytes of the body and of the queue since then. */
  bodyProgress = 0;
  sentOfQueue = 0;
  wantsDrain = false;
  hasHeader = false;
  isRemoteClosed = false;
  /** Whether the handler has sent, or queued, the end of the response. */
  isLocalClosed = false;
  isOverNow = false;
  /** Bytes of the request that may be dropped after the response. */
  droppableBytes: number;
  /** Whether the response is sent, and the rest of the request is dropped. */
  isDropping = false;

  constructor(id: number, fields: HeaderFields, connection: StreamOwner) {
    const { limits, sender } = connection;
    this.id = id;
    this.fields = fields;
    this.#connection = connection;
    this.receiveWindow = limits.streamWindowBytes;
    this.sendWindow = sender.writer.window.streamBytes;
    this.bodySinceMs = sender.coarseMs;
    this.droppableBytes = limits.maxDroppedBytes;
  }

  get isOver(): boolean {
    return this.isOverNow || this.isLocalClosed;
  }

  collect(receiver: StreamReceiver, maxBytes?: number): void {
    this.receiver = receiver;
    this.maxBodyBytes = maxBytes ?? this.#connection.limits.maxBodyBytes;
  }

  receive(receiver: StreamReceiver): void {
    this.receiver = receiver;
    this.maxBodyBytes = -1;
  }

  release(bytes: number): void {
    this.#connection.requests.release(this, bytes);
  }

  respond(header: Uint8Array, body: Uint8Array, trailer: Uint8Array, prefix = noBytes): void {
    this.#connection.sender.respond(this, header, body, trailer, prefix);
  }

  sendHeader(block: Uint8Array, endStream = false): void {
    this.#connection.sender.sendBlock(this, block, endStream);
  }

  sendData(bytes: Uint8Array, endStream = false): boolean {
    return this.#connection.sender.sendData(this, bytes, endStream);
  }

  sendTrailer(block: Uint8Array): void {
    this.#connection.sender.sendBlock(this, block, true);
  }

  resetAfterResponse(): void {
    this.droppableBytes = 0;
    if (this.isDropping) {
      this.#connection.ends.reset(this, errorCode.noError);
    }
  }

  reset(code: number = errorCode.cancel): void {
    this.#connection.ends.reset(this, code);
  }
}

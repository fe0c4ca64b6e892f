import { errorCode } from "../errors.ts";
import { frameType } from "../frames.ts";
import type { Outbox } from "../outbox.ts";
import type { StreamTable } from "../stream-table.ts";
import type { Meters } from "./meter.ts";
import type { ConnectionLimits } from "./options.ts";
import type { OpenStream, ServerStream } from "./stream.ts";

export interface HandlerEvents {
  /** A handler threw, and its stream was reset. Default: the error is thrown as uncaught. */
  onHandlerError?(error: unknown, stream: ServerStream): void;
}

/** The connection, as far as the ends of its streams concern it. */
interface ConnectionOfEnds {
  readonly limits: ConnectionLimits;
  readonly streams: StreamTable<OpenStream>;
  readonly meters: Meters;
  /** Whether new streams are refused because the last GOAWAY has been sent. */
  readonly isFinal: boolean;
  readonly sender: {
    readonly coarseMs: number;
    readonly canSend: boolean;
    readonly outbox: Outbox;
    drop(stream: OpenStream): void;
  };
  readonly requests: { drop(stream: OpenStream): void };
  /** Ends the connection with a GOAWAY. */
  fail(code: number, why: string): void;
  closeIfDone(): void;
}

/**
 * Ends streams: as they should end, for what the peer or the handler did, and with the connection.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-5.4.2
 */
export class StreamEnds {
  readonly #connection: ConnectionOfEnds;
  readonly #events: HandlerEvents;
  /** Frames in a row that were no responses and that the socket did not take. */
  #unreadFrames = 0;

  constructor(connection: ConnectionOfEnds, events: HandlerEvents) {
    this.#connection = connection;
    this.#events = events;
  }

  /** The whole response has been handed to the socket. */
  onSent(stream: OpenStream): void {
    if (stream.isRemoteClosed) {
      this.#forget(stream);
    } else if (stream.droppableBytes > 0 && !this.#connection.isFinal) {
      stream.isDropping = true;
      stream.bodySinceMs = this.#connection.sender.coarseMs;
    } else {
      // The response is complete, so the rest of the request is of no use.
      this.#sendReset(stream.id, errorCode.noError);
      this.#forget(stream);
    }
    if (stream.receiver.onSent !== undefined) {
      this.guard(stream, () => stream.receiver.onSent?.(stream));
    }
  }

  /** Part of a request arrived whose response is sent. */
  onDropped(stream: OpenStream, bytes: number): void {
    stream.droppableBytes -= bytes;
    if (stream.isRemoteClosed) {
      this.#forget(stream);
    } else if (stream.droppableBytes <= 0) {
      this.reset(stream, errorCode.noError);
    }
  }

  /** Resets a stream because its handler wants that. */
  reset(stream: OpenStream, code: number): void {
    if (!stream.isOverNow) {
      this.#sendReset(stream.id, code);
      this.#forget(stream);
    }
  }

  /** The peer reset the stream, or the connection is gone. */
  onLost(stream: OpenStream, code: number): void {
    if (!stream.isOverNow) {
      this.#forget(stream);
      this.#reportAbort(stream, code);
    }
  }

  /** Resets a stream of the peer's that is not open here. */
  reject(id: number, code: number): void {
    this.#connection.meters.expect("resetsCaused", "streams that had to be reset");
    this.#sendReset(id, code);
  }

  /** Resets a stream for what the peer sent on it. */
  fault(stream: OpenStream, code: number): void {
    this.abort(stream, code);
    this.#connection.meters.expect("resetsCaused", "streams that had to be reset");
  }

  /** Resets a stream, and tells its handler. */
  abort(stream: OpenStream, code: number): void {
    if (!stream.isOverNow) {
      this.reset(stream, code);
      this.#reportAbort(stream, code);
    }
  }

  /** Resets a stream whose response has to wait where there is no more room for that. */
  onUnread(stream: OpenStream): void {
    this.abort(stream, errorCode.enhanceYourCalm);
    if (!this.#connection.meters.take("resetsCaused")) {
      this.#connection.fail(errorCode.enhanceYourCalm, "too many responses that are not read");
    }
  }

  #forget(stream: OpenStream): void {
    stream.isOverNow = true;
    this.#connection.streams.delete(stream);
    this.#connection.sender.drop(stream);
    this.#connection.requests.drop(stream);
    this.#connection.closeIfDone();
  }

  /** Calls a handler, which may throw. */
  guard(stream: OpenStream, callHandler: () => void): void {
    try {
      callHandler();
    } catch (error) {
      this.onHandlerError(stream, error);
    }
  }

  onHandlerError(stream: OpenStream, error: unknown): void {
    this.reset(stream, errorCode.internalError);
    if (this.#events.onHandlerError === undefined) {
      queueMicrotask(() => {
        throw error;
      });
    } else {
      this.#events.onHandlerError(error, stream);
    }
  }

  /** Sends frames that are no response, such as an acknowledgement. */
  sendUnasked(frames: Uint8Array): void {
    this.#countUnasked();
    this.#connection.sender.outbox.append(frames);
  }

  #reportAbort(stream: OpenStream, code: number): void {
    // A response that was sent has been reported.
    if (!stream.isDropping) {
      this.guard(stream, () => stream.receiver.onAbort?.(stream, code));
    }
  }

  #sendReset(id: number, code: number): void {
    this.#connection.streams.noteReset(id);
    this.#countUnasked();
    this.#connection.sender.outbox.number(frameType.resetStream, id, code);
  }

  /** Counts frames that a peer which does not read has piling up here. */
  #countUnasked(): void {
    this.#unreadFrames = this.#connection.sender.canSend ? 0 : this.#unreadFrames + 1;
    if (this.#unreadFrames > this.#connection.limits.maxUnreadFrames) {
      this.#connection.fail(
        errorCode.enhanceYourCalm,
        "too many frames whose responses are not read",
      );
    }
  }
}

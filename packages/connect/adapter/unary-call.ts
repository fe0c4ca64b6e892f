import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import { shorten } from "@unblock/errors/quote";
import type { ByteBudget, HeldBytes } from "./byte-budget.ts";
import { CallContext, type CallInit } from "./call-context.ts";
import { inflatesIntoOwnMemory, release } from "./compression.ts";
import type { EnvelopedMessage } from "./envelope.ts";
import {
  clientDisconnected,
  requestTimedOut,
  toConnectError,
  tooLarge,
  tooManyBytes,
  withSendableMessage,
} from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { invokeUnary } from "./invoke.ts";
import type { BodyReader, RequestBody } from "./request-body.ts";
import type { UnaryRoute } from "./routes.ts";
import type { Terms } from "./terms.ts";

export interface UnaryCallInit extends CallInit {
  /** Whether messages are binary; JSON otherwise. */
  readonly isBinary: boolean;
  readonly host: CallHost;
}

/** What calls share. */
export interface CallHost {
  readonly budget: ByteBudget;
  /** Called once, when the caller has taken the response or has disconnected. */
  onClosed(call: UnaryCall): void;
  /** Receives why a response could not be sent, and was replaced by another one. */
  onLost(error: unknown): void;
}

/** What the server waits for its caller to do. */
export type Wait = "request complete" | "response taken";

/**
 * A unary call on the fast path, from the wire to its handler and back. Responds once: with the handler's
 * result, or earlier with an error when the deadline passes, the client disconnects or the server stops,
 * whether the handler heeds its signal or not.
 */
export abstract class UnaryCall implements BodyReader {
  protected readonly route: UnaryRoute;
  protected readonly exchange: Exchange;
  protected readonly isBinary: boolean;
  protected readonly terms: Terms;
  protected readonly context: CallContext;
  readonly #host: CallHost;
  readonly #held: HeldBytes;
  #body: RequestBody | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isReceived = false;
  #isWorking = false;
  #isOver = false;
  /** Index in the list of calls in progress. */
  index = 0;

  constructor(init: UnaryCallInit) {
    this.route = init.route;
    this.exchange = init.exchange;
    this.isBinary = init.isBinary;
    this.terms = init.terms;
    this.#host = init.host;
    this.#held = init.host.budget.open(init.exchange.connection);
    this.context = new CallContext(init);
  }

  /** Returns the message in a body, which may be compressed. */
  protected abstract messageOf(body: Uint8Array): EnvelopedMessage;
  /** Returns why a message is rejected by its first bytes or the header. */
  protected abstract announcedProblem(start: Uint8Array): ConnectError | undefined;
  protected abstract get maxBodyBytes(): number;
  /** @throws when the response can't be sent, before anything is sent */
  protected abstract reply(message: Uint8Array, isCompressed: boolean): void;
  /** @throws as `reply` does */
  protected abstract replyError(error: ConnectError): void | Promise<void>;

  /** Deadline on the clock of performance.now(). */
  get deadlineMs(): number | undefined {
    return this.context.deadlineMs;
  }

  setTimerWhenNear(nowMs: number, nearMs: number): void {
    const leftMs = (this.deadlineMs ?? Number.POSITIVE_INFINITY) - nowMs;
    if (leftMs < nearMs && this.#timer === undefined && !this.#isOver) {
      this.#timer = setTimeout(expire, Math.max(0, Math.ceil(leftMs)), this);
    }
  }

  start(): void {
    this.route.observer?.began();
    this.exchange.onClosed((isOverdue) => {
      // Checked here since an error would cost time for every call.
      if (!this.#isOver) {
        this.abort(isOverdue ? requestTimedOut() : clientDisconnected());
      }
      this.#host.onClosed(this);
    });
    if (!this.#held.hold(0)) {
      this.#fail(tooManyBytes());
    }
    const gate = this.route.options.requestGate;
    if (gate === undefined || this.#isOver) {
      this.#begin();
    } else {
      void this.#passGate(gate);
    }
  }

  onBytes(bytes: number): boolean {
    if (!this.#isOver && !this.#held.hold(bytes)) {
      this.#fail(tooManyBytes());
    }
    return !this.#isOver;
  }

  onBody(body: Uint8Array): void {
    this.#isReceived = true;
    this.exchange.deliver(body, this);
  }

  onDelivered(body: Uint8Array): void {
    if (!this.#isOver && !this.exchange.isCutOff) {
      void this.#serve(body);
    }
  }

  onStart(start: Uint8Array): boolean {
    const problem = this.announcedProblem(start);
    if (problem !== undefined) {
      this.#fail(problem);
    }
    return !this.#isOver;
  }

  onTooLarge(): void {
    this.#fail(tooLarge(this.route.options.readMaxBytes));
  }

  /** Undefined while the server works. */
  get waitsFor(): Wait | undefined {
    if (this.#isOver) {
      return "response taken";
    }
    return this.exchange.isIncomplete ? "request complete" : undefined;
  }

  /** Ends the call of a caller that has exceeded its time. */
  endOverdue(requestTimeoutMs: number): void {
    if (this.#isOver) {
      this.exchange.cut();
    } else {
      this.exchange.closeAfterResponse();
      this.abort(requestTimedOut(requestTimeoutMs));
    }
  }

  /** Aborts the call if its request is not complete, and so no handler has begun. */
  abortUnlessReceived(reason: ConnectError): void {
    if (!this.#isReceived && !this.#isOver) {
      this.exchange.closeAfterResponse();
      this.abort(reason);
    }
  }

  abort(reason: ConnectError): void {
    if (!this.#isOver) {
      this.#fail(reason);
      this.context.abort(reason);
    }
  }

  /** Runs the request gate, which may reject the call before its body is read. */
  async #passGate(gate: (context: CallContext) => void | Promise<void>): Promise<void> {
    try {
      const passed = gate(this.context);
      // Awaiting a plain value would cost a turn.
      if (passed instanceof Promise) {
        await passed;
      }
    } catch (error) {
      this.#fail(error);
    }
    this.#begin();
  }

  #begin(): void {
    const { problem } = this.terms;
    if (problem !== undefined && !this.#isOver) {
      // Connect's messages quote header fields of any length.
      const { rawMessage, code, metadata } = problem;
      this.#fail(new ConnectError(shorten(rawMessage), code, metadata));
    }
    this.#body = this.exchange.read(this.maxBodyBytes, this);
    if (this.#isOver) {
      this.#body.discard();
    }
  }

  async #serve(body: Uint8Array): Promise<void> {
    this.#isWorking = true;
    try {
      const { spec, options, serialization } = this.route;
      const plain = this.#plainMessage(body);
      // Awaiting a plain value would cost a turn.
      const message =
        plain instanceof Promise ? this.#parseInflated(await plain) : this.#parse(plain);
      if (message === undefined) {
        return;
      }
      this.context.isReached = true;
      const output = invokeUnary(spec, options.interceptors, this.context, message);
      const bytes = serialization
        .getO(this.isBinary)
        .serialize(output instanceof Promise ? await output : output);
      const compression = this.compressionFor(bytes);
      const reply = compression === null ? bytes : await compression.compress(bytes);
      if (!this.#isOver) {
        this.#finish();
        this.#reply(reply, compression !== null);
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isWorking = false;
      this.#held.release();
    }
  }

  /** Returns undefined when the call is over. */
  #parseInflated(bytes: Uint8Array): MessageShape<DescMessage> | undefined {
    const message = this.onBytes(bytes.length) ? this.#parse(bytes) : undefined;
    const { request } = this.terms;
    const mayBeKept = this.isBinary && this.route.keepsBytes;
    if (!mayBeKept && request !== null && inflatesIntoOwnMemory(request)) {
      release(bytes);
    }
    return message;
  }

  #parse(bytes: Uint8Array): MessageShape<DescMessage> {
    try {
      return this.route.serialization.getI(this.isBinary).parse(bytes);
    } catch (error) {
      // Connect reports an unreadable binary message as internal; the caller sent it.
      throw error instanceof ConnectError
        ? new ConnectError(
            shorten(error.rawMessage),
            error.code === Code.Internal ? Code.InvalidArgument : error.code,
          )
        : error;
    }
  }

  #plainMessage(body: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const { bytes, isCompressed } = this.messageOf(body);
    if (!isCompressed) {
      return bytes;
    }
    if (this.terms.request === null) {
      throw new ConnectError(
        "received compressed envelope, but do not know how to decompress",
        Code.Internal,
      );
    }
    return this.terms.request.decompress(bytes, this.route.options.readMaxBytes);
  }

  /** Returns the compression of a response; null for none. */
  protected compressionFor(bytes: Uint8Array): Compression | null {
    return bytes.length >= this.route.options.compressMinBytes ? this.terms.response : null;
  }

  #fail(error: unknown): void {
    if (!this.#isOver) {
      this.#finish();
      void this.#replyError(toConnectError(error));
    }
  }

  #reply(message: Uint8Array, isCompressed: boolean): void {
    try {
      this.reply(message, isCompressed);
      this.route.observer?.ended(this.context, undefined);
    } catch (error) {
      this.#host.onLost(error);
      void this.#replyError(toConnectError(error));
    }
  }

  /** Replaces an error that can't be sent by the reason, and cuts the call if that can't be sent either. */
  async #replyError(error: ConnectError): Promise<void> {
    let sent = withSendableMessage(error);
    try {
      await this.replyError(sent);
    } catch (unsendable) {
      this.#host.onLost(unsendable);
      this.context.dropTrailer();
      sent = toConnectError(unsendable);
      try {
        await this.replyError(sent);
      } catch (lost) {
        this.#host.onLost(lost);
        this.exchange.cut();
      }
    }
    this.route.observer?.ended(this.context, sent);
  }

  #finish(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#body?.discard();
    // A handler that still works holds the message.
    if (!this.#isWorking) {
      this.#held.release();
    }
  }
}

function expire(call: UnaryCall): void {
  call.abort(new ConnectError("the operation timed out", Code.DeadlineExceeded));
}

import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type ContextValues } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import { shorten } from "../../quote.ts";
import { CallContext, type InitialFields } from "./call-context.ts";
import { nearMs } from "./deadlines.ts";
import type { EnvelopedMessage } from "./envelope.ts";
import type { BodyReader, Exchange } from "./exchange.ts";
import { invokeUnary } from "./invoke.ts";
import { closeOnceAnswered, isIncomplete, requestTimedOut } from "./request-timeout.ts";
import type { UnaryRoute } from "./routes.ts";
import type { Terms } from "./terms.ts";

export interface UnaryCallInit {
  readonly route: UnaryRoute;
  readonly exchange: Exchange;
  /** Whether messages are binary; JSON otherwise. */
  readonly isBinary: boolean;
  readonly protocolName: string;
  readonly terms: Terms;
  readonly initial: InitialFields;
  readonly values: ContextValues | undefined;
  /** Told once, when the caller has taken the answer, or nobody waits for it. */
  readonly onOver: (call: UnaryCall) => void;
}

/** What the server waits for that is the caller's to do. */
export type Wait = "request complete" | "answer taken";

/**
 * A unary call on its way from the wire to its handler and back. Answers once: with what the handler
 * returns, or before that when the deadline passes, the caller goes away or the server stops, whether
 * the handler heeds its signal or not.
 */
export abstract class UnaryCall implements BodyReader {
  protected readonly route: UnaryRoute;
  protected readonly exchange: Exchange;
  protected readonly isBinary: boolean;
  protected readonly terms: Terms;
  protected readonly context: CallContext;
  readonly #onOver: (call: UnaryCall) => void;
  #timer: NodeJS.Timeout | undefined;
  #isOver = false;
  /** Its place among the calls in progress. */
  place = 0;

  constructor(init: UnaryCallInit) {
    this.route = init.route;
    this.exchange = init.exchange;
    this.isBinary = init.isBinary;
    this.terms = init.terms;
    this.#onOver = init.onOver;
    this.context = new CallContext(init);
  }

  /** The message in a body, still compressed perhaps. */
  protected abstract messageOf(body: Uint8Array): EnvelopedMessage;
  /** What is wrong with a message, from what its first bytes or the header say of it. */
  protected abstract announcedProblem(start: Uint8Array): ConnectError | undefined;
  /** The most bytes that a body can have. */
  protected abstract get mostBodyBytes(): number;
  protected abstract reply(message: Uint8Array, isCompressed: boolean): void;
  protected abstract replyError(error: ConnectError): void;

  /** When it ends, on the clock of performance.now(); undefined when it has no deadline. */
  get deadlineMs(): number | undefined {
    return this.context.deadlineMs;
  }

  setTimerWhenNear(nowMs: number): void {
    const restMs = (this.deadlineMs ?? Number.POSITIVE_INFINITY) - nowMs;
    if (restMs < nearMs && this.#timer === undefined && !this.#isOver) {
      this.#timer = setTimeout(expire, Math.max(0, Math.ceil(restMs)), this);
    }
  }

  start(): void {
    // It also says so of a call that has been answered, and to make an error takes time.
    this.exchange.onGone(() => {
      if (!this.#isOver) {
        this.abort(callerGone());
      }
      this.#onOver(this);
    });
    if (this.route.options.requestGate === undefined) {
      this.#begin();
    } else {
      void this.#passGate(this.route.options.requestGate);
    }
  }

  onBody(body: Uint8Array): void {
    if (!this.#isOver) {
      void this.#answer(body);
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
    const { readMaxBytes } = this.route.options;
    this.#fail(
      new ConnectError(
        `message size is larger than configured readMaxBytes ${readMaxBytes}`,
        Code.ResourceExhausted,
      ),
    );
  }

  /** Undefined while the server is at work. Over HTTP/1.1 Node sees to requests. */
  get waitsFor(): Wait | undefined {
    if (this.#isOver) {
      return "answer taken";
    }
    const { stream } = this.exchange;
    return stream !== undefined && isIncomplete(stream) ? "request complete" : undefined;
  }

  /** Ends it when the caller has had its time for what the server waits for. */
  endOverdue(requestTimeoutMs: number): void {
    const { stream } = this.exchange;
    if (this.#isOver) {
      this.exchange.cut();
    } else if (stream !== undefined) {
      closeOnceAnswered(stream);
      this.abort(requestTimedOut(requestTimeoutMs));
    }
  }

  /** Ends the call for a reason that is not its own. */
  abort(reason: ConnectError): void {
    if (!this.#isOver) {
      this.#fail(reason);
      this.context.abort(reason);
    }
  }

  /** Rejects a call before its body is read. */
  async #passGate(gate: (context: CallContext) => void | Promise<void>): Promise<void> {
    try {
      await gate(this.context);
    } catch (error) {
      this.#fail(error);
    }
    this.#begin();
  }

  #begin(): void {
    const { problem } = this.terms;
    if (problem !== undefined && !this.#isOver) {
      // Connect's messages quote whole header fields.
      const { rawMessage, code, metadata } = problem;
      this.#fail(new ConnectError(shorten(rawMessage), code, metadata));
    }
    // What comes for a call that is over is thrown away.
    this.exchange.read(this.#isOver ? 0 : this.mostBodyBytes, this);
  }

  async #answer(body: Uint8Array): Promise<void> {
    try {
      const { spec, options, serialization } = this.route;
      const plain = this.#plainMessage(body);
      // To await what is there already costs a turn.
      const message = this.#parse(plain instanceof Promise ? await plain : plain);
      const output = invokeUnary(spec, options.interceptors, this.context, message);
      const bytes = serialization
        .getO(this.isBinary)
        .serialize(output instanceof Promise ? await output : output);
      const compression = this.compressionFor(bytes);
      const sent = compression === null ? bytes : await compression.compress(bytes);
      if (!this.#isOver) {
        this.#finish();
        this.reply(sent, compression !== null);
      }
    } catch (error) {
      this.#fail(error);
    }
  }

  #parse(bytes: Uint8Array): MessageShape<DescMessage> {
    try {
      return this.route.serialization.getI(this.isBinary).parse(bytes);
    } catch (error) {
      // Connect calls a binary message that can't be read its own failure; it is the caller's.
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

  /** How so many bytes are compressed for the caller; null when they are sent as they are. */
  protected compressionFor(bytes: Uint8Array): Compression | null {
    return bytes.length >= this.route.options.compressMinBytes ? this.terms.response : null;
  }

  #fail(error: unknown): void {
    if (!this.#isOver) {
      this.#finish();
      this.replyError(toConnectError(error));
    }
  }

  #finish(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
  }
}

function expire(call: UnaryCall): void {
  call.abort(new ConnectError("the operation timed out", Code.DeadlineExceeded));
}

/** Why a call ends whose caller is not there any more, however it left. */
export function callerGone(): ConnectError {
  return new ConnectError("the caller is gone", Code.Canceled);
}

/** What is no ConnectError says nothing to the caller. */
function toConnectError(error: unknown): ConnectError {
  if (!(error instanceof ConnectError)) {
    return new ConnectError("internal error", Code.Internal, undefined, undefined, error);
  }
  if (error.rawMessage.isWellFormed()) {
    return error;
  }
  // A message that quotes half a character could not be sent.
  const sendable = new ConnectError(error.rawMessage.toWellFormed(), error.code, error.metadata);
  sendable.details = error.details;
  return sendable;
}

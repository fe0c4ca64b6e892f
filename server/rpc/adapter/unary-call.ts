import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { Code, ConnectError, type ContextValues } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import { shorten } from "../../quote.ts";
import { afterReads } from "./after-reads.ts";
import type { ByteBudget, HeldBytes } from "./byte-budget.ts";
import { CallContext, type InitialFields } from "./call-context.ts";
import { nearMs } from "./deadlines.ts";
import type { EnvelopedMessage } from "./envelope.ts";
import type { BodyReader, Exchange } from "./exchange.ts";
import { inflatesIntoOwnMemory } from "./inflation.ts";
import { invokeUnary } from "./invoke.ts";
import { release } from "./release-memory.ts";
import type { RequestBody } from "./request-body.ts";
import { isIncomplete, requestTimedOut } from "./request-timeout.ts";
import type { UnaryRoute } from "./routes.ts";
import { withSendableMessage } from "./sendable-fields.ts";
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
  readonly host: CallHost;
}

/** What has calls served. */
export interface CallHost {
  readonly budget: ByteBudget;
  /** Told once, when the caller has taken the answer, or nobody waits for it. */
  onOver(call: UnaryCall): void;
  /** Told of an answer that could not be sent, in whose place another one is. */
  onLost(error: unknown): void;
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
  readonly #host: CallHost;
  readonly #held: HeldBytes;
  #body: RequestBody | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isReceived = false;
  #isWorking = false;
  #isOver = false;
  /** Its place among the calls in progress. */
  place = 0;

  constructor(init: UnaryCallInit) {
    this.route = init.route;
    this.exchange = init.exchange;
    this.isBinary = init.isBinary;
    this.terms = init.terms;
    this.#host = init.host;
    this.#held = init.host.budget.open(init.exchange.connection);
    this.context = new CallContext(init);
  }

  /** The message in a body, still compressed perhaps. */
  protected abstract messageOf(body: Uint8Array): EnvelopedMessage;
  /** What is wrong with a message, from what its first bytes or the header say of it. */
  protected abstract announcedProblem(start: Uint8Array): ConnectError | undefined;
  /** The most bytes that a body can have. */
  protected abstract get mostBodyBytes(): number;
  /** @throws when the answer can't be sent; nothing of it has been sent then */
  protected abstract reply(message: Uint8Array, isCompressed: boolean): void;
  /** Like `reply`. */
  protected abstract replyError(error: ConnectError): void | Promise<void>;

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
    this.route.observer?.began();
    // It also says so of a call that has been answered, and to make an error takes time.
    this.exchange.onGone((isOverdue) => {
      if (!this.#isOver) {
        this.abort(isOverdue ? requestTimedOut() : callerGone());
      }
      this.#host.onOver(this);
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
    if (this.exchange.stream === undefined) {
      this.#answerWanted(body);
    } else {
      afterReads(() => this.#answerWanted(body));
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
    if (this.#isOver) {
      this.exchange.cut();
    } else {
      this.exchange.closeOnceAnswered();
      this.abort(requestTimedOut(requestTimeoutMs));
    }
  }

  /** Ends it for a reason that is not its own if its request is not complete: no handler has begun. */
  abortUnlessReceived(reason: ConnectError): void {
    if (!this.#isReceived && !this.#isOver) {
      this.exchange.closeOnceAnswered();
      this.abort(reason);
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
      const passed = gate(this.context);
      // To await what is there already costs a turn.
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
      // Connect's messages quote whole header fields.
      const { rawMessage, code, metadata } = problem;
      this.#fail(new ConnectError(shorten(rawMessage), code, metadata));
    }
    this.#body = this.exchange.read(this.mostBodyBytes, this);
    if (this.#isOver) {
      this.#body.discard();
    }
  }

  #answerWanted(body: Uint8Array): void {
    if (!this.#isOver && !this.exchange.isCutOff) {
      void this.#answer(body);
    }
  }

  async #answer(body: Uint8Array): Promise<void> {
    this.#isWorking = true;
    try {
      const { spec, options, serialization } = this.route;
      const plain = this.#plainMessage(body);
      // To await what is there already costs a turn.
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
      const sent = compression === null ? bytes : await compression.compress(bytes);
      if (!this.#isOver) {
        this.#finish();
        this.#reply(sent, compression !== null);
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#isWorking = false;
      this.#held.release();
    }
  }

  /** @returns undefined when the call is over */
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

  /** What can't be sent is answered with why, and what can't be answered is cut off. */
  async #replyError(error: ConnectError): Promise<void> {
    let answered = withSendableMessage(error);
    try {
      await this.replyError(answered);
    } catch (unsendable) {
      this.#host.onLost(unsendable);
      this.context.dropTrailer();
      answered = toConnectError(unsendable);
      try {
        await this.replyError(answered);
      } catch (lost) {
        this.#host.onLost(lost);
        this.exchange.cut();
      }
    }
    this.route.observer?.ended(this.context, answered);
  }

  #finish(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#body?.discard();
    // A handler may work on when its call is over, and has the message until then.
    if (!this.#isWorking) {
      this.#held.release();
    }
  }
}

function expire(call: UnaryCall): void {
  call.abort(new ConnectError("the operation timed out", Code.DeadlineExceeded));
}

/** Why a call is rejected for which there is no room; sent again later, it may have some. */
export function tooManyBytes(): ConnectError {
  return new ConnectError(
    "The server holds as many bytes of requests as it may, in all or of this connection. Try again later, " +
      "or send fewer or smaller requests at once.",
    Code.ResourceExhausted,
  );
}

/** Why a call ends whose caller is not there any more, however it left. */
export function callerGone(): ConnectError {
  return new ConnectError("the caller is gone", Code.Canceled);
}

/** What is no ConnectError says nothing to the caller. */
function toConnectError(error: unknown): ConnectError {
  return error instanceof ConnectError
    ? error
    : new ConnectError("internal error", Code.Internal, undefined, undefined, error);
}

import { Code, ConnectError } from "@connectrpc/connect";
import { shorten } from "@unblock/errors/quote";
import type { ByteBudget, HeldBytes } from "./byte-budget.ts";
import { CallContext, type CallInit, type Terms } from "./call-context.ts";
import {
  clientDisconnected,
  requestTimedOut,
  toConnectError,
  tooManyBytes,
  withSendableMessage,
} from "./errors.ts";
import type { Exchange, ExchangeListener } from "./exchange.ts";
import type { Route } from "./routes.ts";

/** What a call waits for whose request is incomplete, and one whose response is sent. */
const requestComplete = "request complete";
const responseTaken = "response taken";

/** What calls share. */
export interface CallHost {
  readonly budget: ByteBudget;
  /** Called once, when the caller has taken the response or has disconnected. */
  onClosed(call: Call): void;
  /** Receives why a response could not be sent, and was replaced by another one. */
  onLost(error: unknown): void;
}

/**
 * A call, from the wire to its handler and back. It ends once for its caller: with the handler's result, or
 * earlier with an error when the deadline passes, the client disconnects or the server stops, whether the
 * handler heeds its signal or not.
 */
export abstract class Call<CallRoute extends Route = Route> implements ExchangeListener {
  protected readonly route: CallRoute;
  protected readonly exchange: Exchange;
  protected readonly terms: Terms;
  protected readonly held: HeldBytes;
  protected readonly host: CallHost;
  readonly context: CallContext;
  /** Passes when the request gate, if it is asynchronous, has accepted or rejected the call. */
  protected gate: Promise<void> | undefined;
  protected isReceived = false;
  protected isOver = false;
  #timer: NodeJS.Timeout | undefined;
  /** Index in the list of calls in progress. */
  index = 0;

  constructor(route: CallRoute, init: CallInit, host: CallHost) {
    this.route = route;
    this.exchange = init.exchange;
    this.terms = init.terms;
    this.host = host;
    this.held = host.budget.open(init.exchange.connection);
    this.context = new CallContext(route.spec.method, init);
  }

  abstract onChunk(chunk: Uint8Array): void;
  abstract onEnd(): void;
  abstract onDrain(): void;
  /** Ends the response with an error. @throws when it can't be sent, before anything is sent */
  protected abstract replyError(error: ConnectError): void | Promise<void>;
  /** The call is over: no more is read, and nothing but its last response is sent. */
  protected abstract onOver(): void;

  setTimerWhenNear(nowMs: number, nearMs: number): void {
    const leftMs = (this.context.deadlineMs ?? Number.POSITIVE_INFINITY) - nowMs;
    if (leftMs < nearMs && this.#timer === undefined && !this.isOver) {
      this.#timer = setTimeout(expire, Math.max(0, Math.ceil(leftMs)), this);
    }
  }

  start(): void {
    this.route.observer?.began();
    this.exchange.open(this);
    if (!this.held.hold(0)) {
      this.fail(tooManyBytes());
    }
    this.#passGate();
    const { problem } = this.terms;
    if (problem !== undefined) {
      // Connect's messages quote header fields of any length.
      const { rawMessage, code, metadata } = problem;
      this.fail(new ConnectError(shorten(rawMessage), code, metadata));
    }
  }

  /** Runs the request gate, which may reject the call before its message is parsed. */
  #passGate(): void {
    const gate = this.route.options.requestGate;
    if (gate === undefined || this.isOver) {
      return;
    }
    try {
      const passed = gate(this.context);
      if (passed instanceof Promise) {
        this.gate = passed.catch((error: unknown) => this.fail(error));
      }
    } catch (error) {
      this.fail(error);
    }
  }

  onClosed(isOverdue: boolean): void {
    // Checked here since an error would cost time for every call.
    if (!this.isOver) {
      this.abort(isOverdue ? requestTimedOut() : clientDisconnected());
    }
    this.host.onClosed(this);
  }

  /** Whether the request is to be complete before the handler begins, and is not. */
  get #awaitsRequest(): boolean {
    const { kind } = this.route.spec;
    return !this.isReceived && !this.isOver && (kind === "unary" || kind === "server_streaming");
  }

  /**
   * What the server waits for its caller to do; undefined while the server works. A call that waits for the
   * same thing at two sweeps is overdue.
   */
  get waitsFor(): unknown {
    if (this.isOver) {
      return responseTaken;
    }
    return this.#awaitsRequest && this.exchange.isIncomplete ? requestComplete : this.untaken;
  }

  /** What the caller has not taken of a response in parts; undefined for nothing. */
  protected get untaken(): unknown {
    return undefined;
  }

  /** Ends the call of a caller that has exceeded its time. */
  endOverdue(requestTimeoutMs: number): void {
    if (this.waitsFor === requestComplete) {
      this.exchange.closeAfterResponse();
      this.abort(requestTimedOut(requestTimeoutMs));
    } else {
      this.exchange.cut();
    }
  }

  /** Aborts the call if its request is not complete, and so no handler has begun. */
  abortUnlessReceived(reason: ConnectError): void {
    if (this.#awaitsRequest) {
      this.exchange.closeAfterResponse();
      this.abort(reason);
    }
  }

  abort(reason: ConnectError): void {
    if (!this.isOver) {
      this.fail(reason);
      this.context.abort(reason);
    }
  }

  protected fail(error: unknown): void {
    if (!this.isOver) {
      this.#finish(error);
      void this.#endWith(toConnectError(error));
    }
  }

  /** @param send sends the result, and throws when that is not possible, before anything is sent */
  protected succeed(send: () => void): void {
    this.#finish();
    try {
      send();
      this.route.observer?.ended(this.context, undefined);
    } catch (error) {
      this.host.onLost(error);
      void this.#endWith(toConnectError(error));
    }
  }

  /** Replaces an error that can't be sent by the reason, and cuts the call if that can't be sent either. */
  async #endWith(error: ConnectError): Promise<void> {
    let sent = withSendableMessage(error);
    try {
      await this.replyError(sent);
    } catch (unsendable) {
      this.host.onLost(unsendable);
      this.context.dropTrailer();
      sent = toConnectError(unsendable);
      try {
        await this.replyError(sent);
      } catch (lost) {
        this.host.onLost(lost);
        this.exchange.cut();
      }
    }
    this.route.observer?.ended(this.context, sent);
  }

  /** @param reason why the call has no result; undefined when it has one */
  #finish(reason?: unknown): void {
    this.isOver = true;
    clearTimeout(this.#timer);
    this.onOver();
    if (!this.isReceived) {
      this.exchange.discard();
    }
    if (this.route.signalEndsWithCall) {
      this.context.abort(reason ?? new DOMException("The call has ended", "AbortError"));
    }
  }
}

function expire(call: Call): void {
  call.abort(new ConnectError("the operation timed out", Code.DeadlineExceeded));
}

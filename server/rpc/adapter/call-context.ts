import type { DescMethodUnary, DescService } from "@bufbuild/protobuf";
import { type ContextValues, createContextValues, type HandlerContext } from "@connectrpc/connect";
import { callerKey } from "./caller.ts";
import type { Exchange } from "./exchange.ts";
import { LazyHeaders } from "./lazy-headers.ts";
import type { UnaryCallInit } from "./unary-call.ts";

/** What a response has before anyone adds to it, as the protocol wants it. */
export interface InitialFields {
  readonly header: Readonly<Record<string, string>>;
  readonly trailer: Readonly<Record<string, string>>;
}

/**
 * What a handler can know and do about its call. Made for every call, and most handlers ask for little
 * of it: web headers and the abort signal are made when they are asked for.
 */
export class CallContext implements HandlerContext {
  readonly method: DescMethodUnary;
  readonly protocolName: string;
  readonly requestMethod: string;
  readonly timeoutMs: () => number | undefined;
  /** On the clock of performance.now(). */
  readonly deadlineMs: number | undefined;
  /** The same. */
  readonly beganMs = performance.now();
  isReached = false;
  readonly #exchange: Exchange;
  readonly initial: InitialFields;
  #abort: AbortController | undefined;
  #reason: unknown;
  #requestHeader: Headers | undefined;
  #responseHeader: LazyHeaders | undefined;
  #responseTrailer: LazyHeaders | undefined;
  #values: ContextValues | undefined;

  constructor({ route, exchange, protocolName, initial, terms, values }: UnaryCallInit) {
    this.method = route.spec.method;
    this.protocolName = protocolName;
    this.requestMethod = exchange.method;
    this.#exchange = exchange;
    this.initial = initial;
    this.#values = values?.set(callerKey, exchange);
    const { timeoutMs } = terms;
    if (timeoutMs === undefined) {
      this.timeoutMs = noTimeout;
    } else {
      const deadlineMs = this.beganMs + timeoutMs;
      this.timeoutMs = () => deadlineMs - performance.now();
      this.deadlineMs = deadlineMs;
    }
  }

  get service(): DescService {
    return this.method.parent;
  }

  get url(): string {
    return this.#exchange.url;
  }

  /** Aborts when the caller is gone, the deadline passes or the server stops; not when the call is over. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#reason !== undefined) {
        this.#abort.abort(this.#reason);
      }
    }
    return this.#abort.signal;
  }

  get requestHeader(): Headers {
    this.#requestHeader ??= this.#exchange.headers();
    return this.#requestHeader;
  }

  get responseHeader(): Headers {
    this.#responseHeader ??= new LazyHeaders(this.initial.header);
    return this.#responseHeader;
  }

  get responseTrailer(): Headers {
    this.#responseTrailer ??= new LazyHeaders(this.initial.trailer);
    return this.#responseTrailer;
  }

  get values(): ContextValues {
    this.#values ??= createContextValues().set(callerKey, this.#exchange);
    return this.#values;
  }

  /** What became of the header and the trailer; undefined while they are the initial ones. */
  get changedHeader(): LazyHeaders | undefined {
    return this.#responseHeader?.isUnchanged ? undefined : this.#responseHeader;
  }

  get changedTrailer(): LazyHeaders | undefined {
    return this.#responseTrailer?.isUnchanged ? undefined : this.#responseTrailer;
  }

  /** Forgets what the handler, or an error that can't be sent, has put into the trailer. */
  dropTrailer(): void {
    this.#responseTrailer = undefined;
  }

  /** @param reason not undefined */
  abort(reason: unknown): void {
    this.#reason = reason;
    this.#abort?.abort(reason);
  }
}

function noTimeout(): undefined {}

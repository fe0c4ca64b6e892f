import type { DescMethod, DescService } from "@bufbuild/protobuf";
import {
  type ConnectError,
  type ContextValues,
  createContextValues,
  type HandlerContext,
} from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import { callerKey, type Exchange } from "./exchange.ts";
import { LazyHeaders } from "./headers.ts";

/** Header and trailer that the protocol requires of a response. */
export interface InitialFields {
  readonly header: Readonly<Record<string, string>>;
  readonly trailer: Readonly<Record<string, string>>;
}

/** What a call requests besides its message. */
export interface Terms {
  /** Time until the deadline; undefined without a deadline. */
  readonly timeoutMs: number | undefined;
  /** Compression of the request. */
  readonly request: Compression | null;
  /** Compression that the response may have. */
  readonly response: Compression | null;
  /** Why the call is rejected. */
  readonly problem: ConnectError | undefined;
}

export interface CallInit {
  readonly exchange: Exchange;
  readonly protocolName: string;
  readonly terms: Terms;
  readonly initial: InitialFields;
}

/**
 * The context of a call. Web headers and the abort signal are created on first use, since most handlers
 * use few.
 */
export class CallContext implements HandlerContext {
  readonly method: DescMethod;
  readonly protocolName: string;
  readonly requestMethod: string;
  readonly timeoutMs: () => number | undefined;
  /** On the clock of performance.now(), as `beganMs`. */
  readonly deadlineMs: number | undefined;
  /** Arrival of the request's header. */
  readonly beganMs = performance.now();
  /** Whether the call reached the interceptors; one that did not failed by what its caller sent. */
  isReached = false;
  readonly #exchange: Exchange;
  readonly initial: InitialFields;
  #abort: AbortController | undefined;
  #reason: unknown;
  #requestHeader: Headers | undefined;
  #responseHeader: LazyHeaders | undefined;
  #responseTrailer: LazyHeaders | undefined;
  #values: ContextValues | undefined;

  constructor(method: DescMethod, { exchange, protocolName, initial, terms }: CallInit) {
    this.method = method;
    this.protocolName = protocolName;
    this.requestMethod = exchange.method;
    this.#exchange = exchange;
    this.initial = initial;
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

  /**
   * Aborts when the client disconnects, the deadline passes or the server stops; when a unary call ends, only if
   * its route says so.
   */
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

  /** The changed header or trailer; undefined while it is the initial one. */
  get changedHeader(): LazyHeaders | undefined {
    return this.#responseHeader?.isUnchanged ? undefined : this.#responseHeader;
  }

  get changedTrailer(): LazyHeaders | undefined {
    return this.#responseTrailer?.isUnchanged ? undefined : this.#responseTrailer;
  }

  /** Resets the trailer to the initial one. */
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

import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { ContextValues, UnaryRequest, UnaryResponse } from "@connectrpc/connect";
import type { CallContext } from "./call-context.ts";

// Web headers are made only when somebody reads them, and yet must be properties of their own: interceptors
// copy requests and responses with `{ ...request }`. Accessors that are written in an object literal would
// be new functions each time, with which V8 makes the object a dictionary: 7 µs a call for six interceptors.

/** A unary request, as interceptors see it. */
export class InterceptedRequest implements UnaryRequest {
  readonly stream = false;
  readonly method: UnaryRequest["method"];
  readonly service: UnaryRequest["service"];
  readonly requestMethod: string;
  readonly url: string;
  readonly signal: AbortSignal;
  readonly contextValues: ContextValues;
  readonly message: MessageShape<DescMessage>;
  declare readonly header: Headers;
  readonly #context: CallContext;

  constructor(context: CallContext, message: MessageShape<DescMessage>) {
    this.method = context.method;
    this.service = context.method.parent;
    this.requestMethod = context.requestMethod;
    this.url = context.url;
    this.signal = context.signal;
    this.contextValues = context.values;
    this.message = message;
    this.#context = context;
    Object.defineProperty(this, "header", InterceptedRequest.#header);
  }

  static readonly #header = {
    enumerable: true,
    get(this: InterceptedRequest) {
      return this.#context.requestHeader;
    },
  };
}

/** What the handler returned, as interceptors see it. */
export class InterceptedResponse implements UnaryResponse {
  readonly stream = false;
  readonly method: UnaryResponse["method"];
  readonly service: UnaryResponse["service"];
  readonly message: MessageShape<DescMessage>;
  declare readonly header: Headers;
  declare readonly trailer: Headers;
  readonly #context: CallContext;

  constructor(context: CallContext, message: MessageShape<DescMessage>) {
    this.method = context.method;
    this.service = context.method.parent;
    this.message = message;
    this.#context = context;
    Object.defineProperty(this, "header", InterceptedResponse.#header);
    Object.defineProperty(this, "trailer", InterceptedResponse.#trailer);
  }

  static readonly #header = {
    enumerable: true,
    get(this: InterceptedResponse) {
      return this.#context.responseHeader;
    },
  };
  static readonly #trailer = {
    enumerable: true,
    get(this: InterceptedResponse) {
      return this.#context.responseTrailer;
    },
  };
}

import {
  create,
  type DescMessage,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type HandlerContext,
  type Interceptor,
  type StreamRequest,
  type StreamResponse,
  type UnaryRequest,
  type UnaryResponse,
} from "@connectrpc/connect";
import type { CallContext } from "./call-context.ts";
import type { StreamSpec, UnarySpec } from "./routes.ts";

type Next = ReturnType<Interceptor>;
type Messages = AsyncIterable<MessageShape<DescMessage>>;
type Output = AsyncIterable<MessageInitShape<DescMessage>>;

/** Calls the implementation of a unary RPC through the interceptors, as Connect does. */
export function invokeUnary(
  spec: UnarySpec,
  interceptors: readonly Interceptor[],
  context: CallContext,
  message: MessageShape<DescMessage>,
): MessageShape<DescMessage> | Promise<MessageShape<DescMessage>> {
  if (interceptors.length > 0) {
    return intercept(spec, interceptors, context, message);
  }
  const { method, impl } = spec;
  // A message or its initializer.
  const output = impl(message, context);
  // Awaiting a plain value would cost a turn.
  return isPromiseLike(output)
    ? Promise.resolve(output).then((awaited) => create(method.output, awaited))
    : create(method.output, output);
}

function intercept(
  { method, impl }: UnarySpec,
  interceptors: readonly Interceptor[],
  context: CallContext,
  message: MessageShape<DescMessage>,
): Promise<MessageShape<DescMessage>> {
  const request: UnaryRequest = { ...requestOf(context), method, stream: false, message };
  let own: UnaryResponse | undefined;
  const next: Next = async (intercepted) => {
    assertUnary(intercepted);
    const handlerContext = intercepted === request ? context : merge(context, intercepted);
    const output = impl(intercepted.message, handlerContext);
    own = {
      ...responseOf(context),
      method,
      stream: false,
      message: create(method.output, isPromiseLike(output) ? await output : output),
    };
    return own;
  };
  return applied(
    interceptors,
    next,
  )(request).then((response) => {
    assertUnary(response);
    if (response !== own) {
      replaceHeaders(context.responseHeader, response.header);
      replaceHeaders(context.responseTrailer, response.trailer);
    }
    return response.message;
  });
}

/** Calls the implementation of a streaming RPC through the interceptors, as Connect does. */
export async function invokeStream(
  spec: StreamSpec,
  interceptors: readonly Interceptor[],
  context: CallContext,
  input: Messages,
): Promise<Output> {
  if (interceptors.length === 0) {
    return outputOf(spec, input, context);
  }
  const { method } = spec;
  const request: StreamRequest = { ...requestOf(context), method, stream: true, message: input };
  const next: Next = async (intercepted) => {
    assertStream(intercepted);
    const handlerContext = intercepted === request ? context : merge(context, intercepted);
    const output = await outputOf(spec, intercepted.message, handlerContext);
    return { ...responseOf(context), method, stream: true, message: completeAll(spec, output) };
  };
  const response = await applied(interceptors, next)(request);
  assertStream(response);
  replaceHeaders(context.responseHeader, response.header);
  return response.trailer === context.responseTrailer
    ? response.message
    : withTrailer(context, response);
}

async function outputOf(
  spec: StreamSpec,
  input: Messages,
  context: HandlerContext,
): Promise<Output> {
  switch (spec.kind) {
    case "server_streaming":
      return spec.impl(await single(input), context);
    case "client_streaming":
      return once(await spec.impl(input, context));
    case "bidi_streaming":
      return spec.impl(input, context);
  }
}

async function single(input: Messages): Promise<MessageShape<DescMessage>> {
  const iterator = input[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) {
    throw new ConnectError(
      "protocol error: missing input message for server-streaming method",
      Code.Unimplemented,
    );
  }
  const second = await iterator.next();
  if (!second.done) {
    throw new ConnectError(
      "protocol error: received extra input message for server-streaming method",
      Code.Unimplemented,
    );
  }
  return first.value;
}

async function* once<Message>(message: Message): AsyncIterable<Message> {
  yield message;
}

async function* completeAll({ method }: StreamSpec, output: Output): Messages {
  for await (const message of output) {
    yield create(method.output, message);
  }
}

async function* withTrailer(context: CallContext, response: StreamResponse): Messages {
  yield* response.message;
  replaceHeaders(context.responseTrailer, response.trailer);
}

function applied(interceptors: readonly Interceptor[], handler: Next): Next {
  let next = handler;
  for (let index = interceptors.length - 1; index >= 0; index--) {
    next = interceptors[index]?.(next) ?? next;
  }
  return next;
}

// Interceptors copy requests and responses with `{ ...request }`, which only copies own properties.

function requestOf(context: CallContext) {
  return {
    service: context.service,
    requestMethod: context.requestMethod,
    url: context.url,
    signal: context.signal,
    header: context.requestHeader,
    contextValues: context.values,
  };
}

function responseOf(context: CallContext) {
  return {
    service: context.service,
    header: context.responseHeader,
    trailer: context.responseTrailer,
  };
}

function assertUnary<Unary extends { readonly stream: false }>(
  passed: Unary | { readonly stream: true },
): asserts passed is Unary {
  if (passed.stream) {
    throw new ConnectError("an interceptor turned a unary call into a stream", Code.Internal);
  }
}

function assertStream<Stream extends { readonly stream: true }>(
  passed: Stream | { readonly stream: false },
): asserts passed is Stream {
  if (!passed.stream) {
    throw new ConnectError("an interceptor turned a stream into a unary call", Code.Internal);
  }
}

function isPromiseLike<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> {
  return (
    typeof value === "object" &&
    value !== null &&
    "then" in value &&
    typeof value.then === "function"
  );
}

function merge(context: CallContext, request: UnaryRequest | StreamRequest): HandlerContext {
  return {
    method: context.method,
    protocolName: context.protocolName,
    requestMethod: context.requestMethod,
    timeoutMs: context.timeoutMs,
    url: context.url,
    service: request.service,
    requestHeader: request.header,
    signal: request.signal,
    values: request.contextValues,
    get responseHeader() {
      return context.responseHeader;
    },
    get responseTrailer() {
      return context.responseTrailer;
    },
  };
}

function replaceHeaders(target: Headers, source: Headers): void {
  if (source === target) {
    return;
  }
  for (const name of [...target.keys()]) {
    target.delete(name);
  }
  for (const [name, value] of source) {
    target.append(name, value);
  }
}

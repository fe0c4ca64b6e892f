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
  type UnaryRequest,
  type UnaryResponse,
} from "@connectrpc/connect";
import type { CallContext } from "./call-context.ts";
import type { UnarySpec } from "./routes.ts";

type Next = ReturnType<Interceptor>;

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
  const output = impl(message, context);
  // Awaiting a plain value would cost a turn.
  return isPromiseLike(output)
    ? Promise.resolve(output).then((awaited) => complete(method.output, awaited))
    : complete(method.output, output);
}

function intercept(
  { method, impl }: UnarySpec,
  interceptors: readonly Interceptor[],
  context: CallContext,
  message: MessageShape<DescMessage>,
): Promise<MessageShape<DescMessage>> {
  const request = toRequest(context, message);
  let own: UnaryResponse | undefined;
  let next: Next = async (intercepted) => {
    assertUnary(intercepted);
    const handlerContext = intercepted === request ? context : merge(context, intercepted);
    const output = impl(intercepted.message, handlerContext);
    own = toResponse(
      context,
      complete(method.output, isPromiseLike(output) ? await output : output),
    );
    return own;
  };
  for (let index = interceptors.length - 1; index >= 0; index--) {
    next = interceptors[index]?.(next) ?? next;
  }
  return next(request).then((response) => {
    assertUnary(response);
    if (response !== own) {
      replaceHeaders(context.responseHeader, response.header);
      replaceHeaders(context.responseTrailer, response.trailer);
    }
    return response.message;
  });
}

// Interceptors copy requests and responses with `{ ...request }`, which only copies own properties.

function toRequest(context: CallContext, message: MessageShape<DescMessage>): UnaryRequest {
  return {
    stream: false,
    service: context.service,
    method: context.method,
    requestMethod: context.requestMethod,
    url: context.url,
    signal: context.signal,
    header: context.requestHeader,
    contextValues: context.values,
    message,
  };
}

function toResponse(context: CallContext, message: MessageShape<DescMessage>): UnaryResponse {
  return {
    stream: false,
    service: context.service,
    method: context.method,
    header: context.responseHeader,
    trailer: context.responseTrailer,
    message,
  };
}

function assertUnary<Unary extends { readonly stream: false }>(
  passed: Unary | { readonly stream: true },
): asserts passed is Unary {
  if (passed.stream) {
    throw new ConnectError("an interceptor turned a unary call into a stream", Code.Internal);
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

/** Implementations may return a message or its initializer. */
function complete<Desc extends DescMessage>(
  schema: Desc,
  output: MessageInitShape<Desc>,
): MessageShape<Desc> {
  return create(schema, output);
}

function merge(context: CallContext, request: UnaryRequest): HandlerContext {
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

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
} from "@connectrpc/connect";
import type { CallContext } from "./call-context.ts";
import { InterceptedRequest, InterceptedResponse } from "./intercepted.ts";
import type { UnarySpec } from "./routes.ts";

type Next = ReturnType<Interceptor>;

/** Calls the implementation of a unary RPC through the interceptors, as Connect does it. */
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
  // To await what is there already costs a turn.
  return isPromiseLike(output)
    ? Promise.resolve(output).then((awaited) => complete(method.output, awaited))
    : complete(method.output, output);
}

async function intercept(
  { method, impl }: UnarySpec,
  interceptors: readonly Interceptor[],
  context: CallContext,
  message: MessageShape<DescMessage>,
): Promise<MessageShape<DescMessage>> {
  const request = new InterceptedRequest(context, message);
  let own: InterceptedResponse | undefined;
  let next: Next = async (intercepted) => {
    if (intercepted.stream) {
      throw new ConnectError("an interceptor made a stream of a unary call", Code.Internal);
    }
    const handlerContext = intercepted === request ? context : merge(context, intercepted);
    own = new InterceptedResponse(
      context,
      complete(method.output, await impl(intercepted.message, handlerContext)),
    );
    return own;
  };
  for (let index = interceptors.length - 1; index >= 0; index--) {
    next = interceptors[index]?.(next) ?? next;
  }
  const response = await next(request);
  if (response.stream) {
    throw new ConnectError("an interceptor made a stream of a unary call", Code.Internal);
  }
  if (response !== own) {
    replaceHeaders(context.responseHeader, response.header);
    replaceHeaders(context.responseTrailer, response.trailer);
  }
  return response.message;
}

function isPromiseLike<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> {
  return (
    typeof value === "object" &&
    value !== null &&
    "then" in value &&
    typeof value.then === "function"
  );
}

/** Implementations may return a message or what one is made from. */
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

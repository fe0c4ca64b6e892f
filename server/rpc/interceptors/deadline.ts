import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { Interceptor, StreamRequest } from "@connectrpc/connect";

/**
 * Ends a stream when its deadline passes, whether the handler heeds its signal or not. Unary calls need
 * no interceptor for that.
 */
export const endStreamsInTime: Interceptor = (next) => (request) =>
  request.stream ? endInTime(request, next) : next(request);

async function endInTime(request: StreamRequest, next: ReturnType<Interceptor>) {
  const response = await next(request);
  return response.stream
    ? { ...response, message: untilAborted(response.message, request.signal) }
    : response;
}

async function* untilAborted<Message extends MessageShape<DescMessage>>(
  messages: AsyncIterable<Message>,
  signal: AbortSignal,
): AsyncIterable<Message> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  // Nobody may be waiting when it happens.
  aborted.catch(() => {});
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  const iterator = messages[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { done, value } = await Promise.race([iterator.next(), aborted]);
      if (done) {
        return;
      }
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", onAbort);
    // Not awaited: a handler that ignores its signal would hold the stream.
    iterator.return?.()?.catch(() => {});
  }
}

import { constants, type ServerHttp2Stream } from "node:http2";

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR } = constants;
const { NGHTTP2_STREAM_STATE_OPEN, NGHTTP2_STREAM_STATE_HALF_CLOSED_LOCAL } = constants;

let waiting: (() => void)[] = [];

/**
 * Runs `run` after all socket reads of this turn of the event loop have been processed.
 *
 * Node processes the frames of an HTTP/2 connection one by one, so a request looks complete and wanted until
 * the reset that arrived in the same packet is processed.
 *
 * @param run must not throw
 */
export function afterReads(run: () => void): void {
  // One immediate for all calls of a turn: one per call would cost as much as a promise.
  if (waiting.push(run) === 1) {
    setImmediate(runAll);
  }
}

function runAll(): void {
  const runs = waiting;
  waiting = [];
  for (const run of runs) {
    run();
  }
}

/** Whether the end of a stream's request is missing. */
export function isIncomplete(stream: ServerHttp2Stream): boolean {
  return stream.state.state === NGHTTP2_STREAM_STATE_OPEN || hasResponded(stream);
}

/** Whether the whole response is sent, and the end of the request is missing. */
function hasResponded(stream: ServerHttp2Stream): boolean {
  return stream.state.state === NGHTTP2_STREAM_STATE_HALF_CLOSED_LOCAL;
}

/** Calls `late` when a stream's request is incomplete after the timeout. */
export function whenIncomplete(
  stream: ServerHttp2Stream,
  timeoutMs: number,
  late: () => void,
): void {
  const timer = setTimeout(() => {
    if (isIncomplete(stream)) {
      late();
    }
  }, timeoutMs).unref();
  stream.once("close", () => clearTimeout(timer));
}

/** Closes a stream whose request is incomplete after the timeout, with or without a response. */
export function closeWhenIncomplete(stream: ServerHttp2Stream, timeoutMs: number): void {
  whenIncomplete(stream, timeoutMs, () => cutStream(stream));
}

/**
 * Ends an incomplete request after its response.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-8.1
 */
export function closeAfterResponse(stream: ServerHttp2Stream): void {
  const close = () => {
    // A reset would replace trailers that are not sent yet.
    if (hasResponded(stream)) {
      cutStream(stream);
    }
  };
  stream.once("finish", close);
  // The trailers are only submitted at this event; Node writes them in a later turn.
  stream.once("wantTrailers", () => setImmediate(() => setImmediate(close)));
}

/** Closes a stream and drops its unread data. */
export function cutStream(stream: ServerHttp2Stream): void {
  // Without an error code the stream would wait for a caller that does not take its response.
  stream.close(hasResponded(stream) ? NGHTTP2_NO_ERROR : NGHTTP2_CANCEL);
  stream.destroy();
}

import { constants, type ServerHttp2Stream } from "node:http2";
import { Code, ConnectError } from "@connectrpc/connect";

const { NGHTTP2_CANCEL, NGHTTP2_NO_ERROR } = constants;
const { NGHTTP2_STREAM_STATE_OPEN, NGHTTP2_STREAM_STATE_HALF_CLOSED_LOCAL } = constants;

/** What setTimeout can wait at most; it would fire at once if it were asked for more. */
export const longestTimerMs = 2 ** 31 - 1;

/** @throws RangeError for a time that no timer can wait */
export function assertRequestTimeout(requestTimeoutMs: number): void {
  if (!(requestTimeoutMs >= 1 && requestTimeoutMs <= longestTimerMs)) {
    throw new RangeError(
      `Expected requestTimeoutMs to be from 1 to ${longestTimerMs}, got ${requestTimeoutMs}`,
    );
  }
}

/** What a caller hears whose request is not complete in time. @param requestTimeoutMs undefined when Node set it */
export function requestTimedOut(requestTimeoutMs?: number): ConnectError {
  const when = requestTimeoutMs === undefined ? "in time" : `within ${requestTimeoutMs} ms`;
  return new ConnectError(
    `Expected the request to be complete ${when}, and it is not complete. ` +
      "Send the whole message, and end the stream after it",
    Code.DeadlineExceeded,
  );
}

/** Whether Node's server has ended a connection of HTTP/1.1, with the status 408. */
export function isRequestTimeout(error: Error | null): boolean {
  return error !== null && "code" in error && error.code === "ERR_HTTP_REQUEST_TIMEOUT";
}

/** Whether the end of a stream's request is still to come. */
export function isIncomplete(stream: ServerHttp2Stream): boolean {
  return stream.state.state === NGHTTP2_STREAM_STATE_OPEN || isAnswered(stream);
}

/** Whether all of the answer is out, and the end of the request still to come. */
function isAnswered(stream: ServerHttp2Stream): boolean {
  return stream.state.state === NGHTTP2_STREAM_STATE_HALF_CLOSED_LOCAL;
}

/** Calls `late` when a stream's request is not complete after some time. */
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

/**
 * Asks the caller to send no more once its answer is out.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9113#section-8.1
 */
export function closeOnceAnswered(stream: ServerHttp2Stream): void {
  const close = () => {
    // A reset would take the place of trailers that are still to be sent.
    if (isAnswered(stream)) {
      cutStream(stream);
    }
  };
  stream.once("finish", close);
  // Then they are only submitted; Node writes them in a later turn.
  stream.once("wantTrailers", () => setImmediate(() => setImmediate(close)));
}

/** Closes a stream whose request does not end after some time, whether it is answered or not. */
export function closeInTime(stream: ServerHttp2Stream, timeoutMs: number): void {
  whenIncomplete(stream, timeoutMs, () => cutStream(stream));
}

/** Closes a stream whose caller has had its time. */
export function cutStream(stream: ServerHttp2Stream): void {
  // Without an error it would wait for a caller that does not take its answer.
  stream.close(isAnswered(stream) ? NGHTTP2_NO_ERROR : NGHTTP2_CANCEL);
  // It would live on with what has come and nobody reads.
  stream.destroy();
}

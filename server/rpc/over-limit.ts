import type { IncomingMessage, ServerResponse } from "node:http";
import { Http2ServerRequest, type Http2ServerResponse } from "node:http2";

/** How much of a body that was refused is still read, in bytes; beyond it the stream is cut. */
const maxDrainBytes = 16 * 1024 * 1024;

/**
 * Lets a caller whose body is too large hear so.
 *
 * connect-node stops reading at the limit, and by that destroys the request: over HTTP/1.1 the
 * connection dies before the answer is read, over HTTP/2 the caller waits for a window that never
 * opens. Here the request survives, and what is left of it is thrown away once the answer is out.
 */
export function surviveOverLimit(
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
): void {
  request[Symbol.asyncIterator] = () => request.iterator({ destroyOnReturn: false });
  const answered = request instanceof Http2ServerRequest ? request.stream : response;
  answered.once("finish", () => {
    let drained = 0;
    request.on("data", (chunk: Uint8Array) => {
      drained += chunk.length;
      if (drained > maxDrainBytes) {
        cut(request);
      }
    });
  });
}

// To destroy an HTTP/2 request does not reset its stream.
function cut(request: IncomingMessage | Http2ServerRequest): void {
  if (request instanceof Http2ServerRequest) {
    request.stream.close();
  } else {
    request.destroy();
  }
}

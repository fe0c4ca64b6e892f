import type { IncomingMessage, ServerResponse } from "node:http";
import { Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import type { ContextValues } from "@connectrpc/connect";
import type { UniversalHandler } from "@connectrpc/connect/protocol";
import {
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import { mostDrainedBytes } from "./request-body.ts";

export type NodeRequest = IncomingMessage | Http2ServerRequest;
export type NodeResponse = ServerResponse | Http2ServerResponse;

/**
 * Serves a call with Connect's own handler.
 *
 * @throws what is wrong with a request that makes no URL
 */
export async function serveStock(
  handler: UniversalHandler,
  request: NodeRequest,
  response: NodeResponse,
  values: ContextValues | undefined,
): Promise<void> {
  surviveEarlyEnd(request, response);
  if (handler.method.methodKind === "bidi_streaming") {
    allowHalfDuplex(request);
  }
  const answer = await handler(
    universalRequestFromNodeRequest(request, response, undefined, values),
  );
  await universalResponseToNodeResponse(answer, response);
}

/**
 * Lets a caller whose body is not wanted hear so.
 *
 * Connect stops reading then, and by that destroys the request: over HTTP/1.1 the connection dies
 * before the answer is read, over HTTP/2 the caller waits for a window that never opens. Here the
 * request survives, and what is left of it is thrown away once the answer is out.
 */
function surviveEarlyEnd(request: NodeRequest, response: NodeResponse): void {
  request[Symbol.asyncIterator] = () => request.iterator({ destroyOnReturn: false });
  const answered = request instanceof Http2ServerRequest ? request.stream : response;
  answered.once("finish", () => {
    let drained = 0;
    request.on("data", (chunk: Uint8Array) => {
      drained += chunk.length;
      if (drained > mostDrainedBytes) {
        cut(request);
      }
    });
  });
}

// To destroy an HTTP/2 request does not reset its stream.
function cut(request: NodeRequest): void {
  if (request instanceof Http2ServerRequest) {
    request.stream.close();
  } else {
    request.destroy();
  }
}

/** Over HTTP/1.1 a caller can send all and then hear all; Connect refuses even that by the version. */
function allowHalfDuplex(request: NodeRequest): void {
  Object.defineProperty(request, "httpVersion", { value: "2.0" });
}

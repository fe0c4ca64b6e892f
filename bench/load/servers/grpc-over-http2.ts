import { createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import { listenLocally } from "../../harness/listen.ts";

/** An empty message in gRPC's envelope: no flags, length 0. */
const emptyMessage = Buffer.alloc(5);

/**
 * A gRPC server that is nothing but node:http2: any path, any request, over h2c on a free port.
 *
 * @param onRequest called when a request has come in to its end; it answers, or sees to it
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export async function serveGrpc(
  onRequest: (stream: ServerHttp2Stream) => void,
): Promise<{ url: string; server: Http2Server }> {
  const server = createServer();
  server.on("session", (session) =>
    session.on("stream", (stream) => {
      // A caller that gives up is no business of a server that measures.
      stream.on("error", ignore);
      stream.on("end", () => onRequest(stream));
      stream.resume();
    }),
  );
  return { url: await listenLocally(server), server };
}

/** Answers with an empty message and status 0. */
export function answer(stream: ServerHttp2Stream): void {
  if (stream.destroyed) {
    return;
  }
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.respond(
    { ":status": 200, "content-type": "application/grpc+proto" },
    { waitForTrailers: true },
  );
  stream.end(emptyMessage);
}

function ignore(): void {}

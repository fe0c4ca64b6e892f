import { once } from "node:events";
import { connect, type IncomingHttpHeaders, type IncomingHttpStatusHeader } from "node:http2";

/** What is on the wire, for tests of the wire: no generated client in between. */

export interface HttpReply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** POSTs JSON over HTTP/1.1, as curl does. `path` is "ExercisesService/GetUser" or begins with "/". */
export async function post(
  url: string,
  path: string,
  body: string,
  headers: Record<string, string> = {},
): Promise<HttpReply> {
  return httpReply(
    await fetch(`${url}${path.startsWith("/") ? path : `/unblock.v1.${path}`}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
    }),
  );
}

/** Reads a response of fetch to its end. */
export async function httpReply(response: Response): Promise<HttpReply> {
  const { status, headers } = response;
  return { status, headers, text: await response.text() };
}

export interface GrpcReply {
  readonly status: number | undefined;
  readonly grpcStatus: string | undefined;
  readonly grpcMessage: string | undefined;
  /** The response's messages with their prefixes. */
  readonly body: Buffer;
}

/** A unary gRPC call over HTTP/2 with the bytes of one message. */
export async function callGrpc(
  url: string,
  path: string,
  message: Uint8Array,
  headers: Record<string, string> = {},
): Promise<GrpcReply> {
  const session = connect(url);
  try {
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc+proto",
      te: "trailers",
      ...headers,
    });
    const envelope = Buffer.alloc(5 + message.length);
    envelope.writeUInt32BE(message.length, 1);
    envelope.set(message, 5);
    stream.end(envelope);
    let first: IncomingHttpHeaders & IncomingHttpStatusHeader = {};
    let trailers: IncomingHttpHeaders = {};
    stream.once("response", (received) => {
      first = received;
    });
    stream.once("trailers", (received) => {
      trailers = received;
    });
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    await once(stream, "close");
    const grpcMessage = text(trailers["grpc-message"] ?? first["grpc-message"]);
    return {
      status: first[":status"],
      grpcStatus: text(trailers["grpc-status"] ?? first["grpc-status"]),
      grpcMessage: grpcMessage === undefined ? undefined : decodeURIComponent(grpcMessage),
      body: Buffer.concat(chunks),
    };
  } finally {
    session.close();
  }
}

function text(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(", ") : header;
}

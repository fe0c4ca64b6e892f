import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import {
  type ClientHttp2Session,
  connect,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from "node:http2";
import { networkInterfaces } from "node:os";
import { text } from "node:stream/consumers";

/** Calls without a generated client, for tests of what is on the wire. */

export interface HttpReply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** POSTs JSON over HTTP/1.1, as curl does. @param path such as "ExercisesService/GetUser", or beginning with "/" */
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

/** Reads a response of fetch() to its end. */
export async function httpReply(response: Response): Promise<HttpReply> {
  const { status, headers } = response;
  return { status, headers, text: await response.text() };
}

export interface GrpcReply {
  readonly status: number | undefined;
  readonly grpcStatus: string | undefined;
  readonly grpcMessage: string | undefined;
  /** Messages of the response with their prefixes. */
  readonly body: Buffer;
}

/** Makes a unary gRPC call over HTTP/2. */
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
    const grpcMessage = headerText(trailers["grpc-message"] ?? first["grpc-message"]);
    return {
      status: first[":status"],
      grpcStatus: headerText(trailers["grpc-status"] ?? first["grpc-status"]),
      grpcMessage: grpcMessage === undefined ? undefined : decodeURIComponent(grpcMessage),
      body: Buffer.concat(chunks),
    };
  } finally {
    session.close();
  }
}

function headerText(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(", ") : header;
}

export interface NamedReply {
  readonly status: number | undefined;
  readonly body: string;
}

export interface NamedCall {
  readonly url: string;
  readonly path: string;
  /** Name of the server in the request, such as "localhost:8080": `Host` or `:authority`. */
  readonly name: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: string;
  /** Local address of the connection, such as "127.0.0.2". Over HTTP/1.1 only. */
  readonly localAddress?: string;
}

/** POSTs JSON to a server under any name, which fetch() does not allow. */
export async function callByHttp1({
  url,
  path,
  name,
  headers,
  json = "{}",
  localAddress,
}: NamedCall): Promise<NamedReply> {
  const call = httpRequest(`${url}${path}`, {
    method: "POST",
    localAddress,
    headers: { host: name, "content-type": "application/json", ...headers },
  });
  call.end(json);
  const [response]: IncomingMessage[] = await once(call, "response");
  if (response === undefined) {
    throw new Error("Expected a response");
  }
  return { status: response.statusCode, body: await text(response) };
}

export async function callByHttp2({
  url,
  path,
  name,
  headers,
  json = "{}",
}: NamedCall): Promise<NamedReply> {
  const session = connect(url);
  try {
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      ":authority": name,
      "content-type": "application/json",
      ...headers,
    });
    stream.end(json);
    const [response] = await once(stream, "response");
    return { status: response[":status"], body: await text(stream) };
  } finally {
    session.close();
  }
}

export interface HealthWatch {
  /** Received so far, in order: "SERVING", "NOT_SERVING", "GOAWAY". */
  readonly seen: readonly string[];
  readonly session: ClientHttp2Session;
}

/** Watches the health of a server over a connection of its own, in the order of frames. */
export function watchHealth(url: string): HealthWatch {
  const seen: string[] = [];
  const session = connect(url);
  session.on("error", (error) => seen.push(error.message));
  session.on("goaway", () => seen.push("GOAWAY"));
  const stream = session.request({
    ":method": "POST",
    ":path": "/grpc.health.v1.Health/Watch",
    "content-type": "application/grpc",
    te: "trailers",
  });
  stream.on("error", (error) => seen.push(error.message));
  // A response is its prefix, the tag of the field and the status.
  stream.on("data", (message: Buffer) => {
    for (let at = 6; at < message.length; at += 7) {
      seen.push(["UNKNOWN", "SERVING", "NOT_SERVING"][message[at] ?? 0] ?? "no status");
    }
  });
  // A message without fields asks for the health of the whole server.
  stream.end(Buffer.alloc(5));
  return { seen, session };
}

/** IPv4 address of this machine other than loopback; undefined if there is none. */
export function networkAddress(): string | undefined {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ family, internal }) => family === "IPv4" && !internal)?.address;
}

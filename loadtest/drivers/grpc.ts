import { once } from "node:events";
import { type ClientHttp2Session, connect, constants } from "node:http2";
import { toBinary } from "@bufbuild/protobuf";
import { Code } from "@connectrpc/connect";
import { codeName } from "../../client/code-name.ts";
import type { Call, CallResult, Driver } from "./driver.ts";

/** Flag and length in front of each message. */
const prefixBytes = 5;
/** Node's default of 10 MB ends connections with many streams. */
const maxSessionMemoryMb = 256;

/**
 * gRPC straight over HTTP/2: requests are encoded once, responses are not decoded. A third of the
 * cost of the generated client, so that the client is not what is measured.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export function createGrpcDriver(baseUrl: string): Driver {
  let session: ClientHttp2Session | undefined;
  return {
    connect: async () => {
      session = connect(baseUrl, { maxSessionMemory: maxSessionMemoryMb });
      // Its end shows in the calls.
      session.on("error", () => {});
      // Until the server's settings are here, Node opens 100 streams and no more.
      await once(session, "remoteSettings");
    },
    prepare: (call) => {
      const message = frame(toBinary(call.method.input, call.request));
      const headers = requestHeaders(call);
      return () => send(session, headers, message);
    },
    close: () => session?.destroy(),
  };
}

function frame(message: Uint8Array): Buffer {
  const framed = Buffer.alloc(prefixBytes + message.length);
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, prefixBytes);
  return framed;
}

function requestHeaders({ method, header, timeoutMs }: Call): Record<string, string> {
  return {
    ...header,
    ":method": "POST",
    ":path": `/${method.parent.typeName}/${method.name}`,
    "content-type": "application/grpc+proto",
    te: "trailers",
    ...(timeoutMs > 0 ? { "grpc-timeout": `${timeoutMs}m` } : {}),
  };
}

function send(
  session: ClientHttp2Session | undefined,
  requestHeaders: Record<string, string>,
  message: Buffer,
): Promise<CallResult> {
  const { promise, resolve } = Promise.withResolvers<CallResult>();
  if (!session || session.destroyed || session.closed) {
    resolve(failed("the connection is closed"));
    return promise;
  }
  const stream = session.request(requestHeaders);
  let header: Record<string, unknown> = {};
  let trailer: Record<string, unknown> = {};
  let problem = "the stream ended without a status";
  stream.on("response", (received) => {
    header = received;
  });
  stream.on("trailers", (received) => {
    trailer = received;
  });
  stream.on("error", (error) => {
    problem = error.message;
  });
  stream.on("close", () => {
    const status = trailer["grpc-status"] ?? header["grpc-status"];
    if (status === undefined) {
      const httpStatus = header[constants.HTTP2_HEADER_STATUS];
      resolve(
        failed(
          httpStatus === undefined || httpStatus === 200 ? problem : `HTTP status ${httpStatus}`,
        ),
      );
      return;
    }
    const code = Number(status);
    const text = trailer["grpc-message"] ?? header["grpc-message"] ?? "";
    resolve({
      code: code === 0 ? "ok" : codeName(code),
      message: decodeURIComponent(String(text)),
      header: { get: (name) => (header[name] === undefined ? null : String(header[name])) },
    });
  });
  stream.resume();
  stream.end(message);
  return promise;
}

function failed(message: string): CallResult {
  return { code: codeName(Code.Unavailable), message, header: { get: () => null } };
}

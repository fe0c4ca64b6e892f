import { Agent, type IncomingHttpHeaders, request as requestHttp1 } from "node:http";
import { connect, type IncomingHttpStatusHeader } from "node:http2";

/** A request that may be invalid in any part. */
export interface RawRequest {
  readonly method: string;
  /** Including the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface RawReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly trailers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Sends requests unchanged, and rejects if a response is incomplete. */
export interface RawConnection {
  send(request: RawRequest): Promise<RawReply>;
  close(): void;
}

/** Opens HTTP/1.1 connections, which must survive the requests. */
export function openHttp1(url: string): RawConnection {
  const agent = new Agent({ keepAlive: true });
  return {
    send: ({ method, path, headers, body }) =>
      new Promise((resolve, reject) => {
        const { hostname, port } = new URL(url);
        const options = { hostname, port, method, path, headers, agent };
        const request = requestHttp1(options, (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () => {
            const { statusCode: status = 0, trailers } = response;
            resolve({ status, headers: response.headers, trailers, body: Buffer.concat(chunks) });
          });
        });
        request.on("error", reject);
        request.end(body.length === 0 ? undefined : body);
      }),
    close: () => agent.destroy(),
  };
}

/** Opens an HTTP/2 connection for all requests, which must survive them. */
export function openHttp2(url: string): RawConnection {
  // Node's default limit resets the streams of a burst of large requests.
  const session = connect(url, { maxSessionMemory: 100 });
  session.on("error", () => {});
  return {
    send: ({ method, path, headers, body }) =>
      new Promise((resolve, reject) => {
        const fields = { ...trimmed(headers), ":method": method, ":path": path };
        const stream = session.request(fields, { endStream: body.length === 0 });
        const chunks: Buffer[] = [];
        let first: IncomingHttpHeaders & IncomingHttpStatusHeader = {};
        let trailers: IncomingHttpHeaders = {};
        stream.on("response", (received) => {
          first = received;
        });
        stream.on("trailers", (received) => {
          trailers = received;
        });
        stream.on("data", (chunk: Buffer) => chunks.push(chunk));
        stream.on("error", reject);
        stream.on("close", () => {
          const { ":status": status, ...rest } = first;
          if (status === undefined || stream.rstCode !== 0) {
            reject(new Error(`Expected a response, got a reset with code ${stream.rstCode}`));
          } else {
            resolve({ status, headers: rest, trailers, body: Buffer.concat(chunks) });
          }
        });
        if (body.length > 0) {
          stream.end(body);
        }
      }),
    close: () => session.close(),
  };
}

/** A value with a blank at an end makes a request malformed in HTTP/2; a parser of HTTP/1.1 drops the blank. */
function trimmed(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value.trim()]));
}

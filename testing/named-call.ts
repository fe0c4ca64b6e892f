import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:http2";
import { text } from "node:stream/consumers";

export interface NamedReply {
  readonly status: number | undefined;
  readonly body: string;
}

export interface NamedCall {
  readonly url: string;
  readonly path: string;
  /** The name that the server is called by, such as "localhost:8080": Host, or `:authority`. */
  readonly name: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: string;
  /** Address of this machine that the call comes from, such as "127.0.0.2". Over HTTP/1.1 only. */
  readonly localAddress?: string;
}

/** POSTs JSON to a server under any name, as fetch does not let one. */
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

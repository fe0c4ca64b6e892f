import type { Fields } from "@unblock/http2/client";
import { CallReceiver, KeptBody, sendWith } from "./call-receiver.ts";
import type { Call, Send } from "./driver.ts";
import { EnvelopedReceiver } from "./enveloped-receiver.ts";
import {
  codeOfHttpStatus,
  okStatus,
  parseJson,
  type RpcStatus,
  readConnectError,
} from "./response.ts";
import {
  connectTimeout,
  encodeMessage,
  envelope,
  preparePost,
  requestFields,
  rpcPath,
  type Wire,
} from "./wire.ts";

const endStreamFlag = 0x02;

/**
 * Unary call of Connect: the body is the message. An error is JSON with an HTTP status other than 200.
 *
 * @see https://connectrpc.com/docs/protocol/#unary-rpcs
 */
export function prepareConnectUnary(wire: Wire, call: Call): Send {
  const contentType = `application/${wire.codec}`;
  const body = Buffer.from(encodeMessage(wire, call));
  const request = preparePost(wire, call, postFields(contentType, call), body);
  return sendWith(ConnectUnaryReceiver, wire, call, [contentType], request);
}

/**
 * Unary call by GET, with the message in the URL, so that caches can respond.
 *
 * @see https://connectrpc.com/docs/protocol/#unary-get-request
 */
export function prepareConnectGet(wire: Wire, call: Call): Send {
  const query = new URLSearchParams({
    connect: "v1",
    encoding: wire.codec,
    base64: "1",
    message: Buffer.from(encodeMessage(wire, call)).toString("base64url"),
  });
  const head = {
    method: "GET",
    path: `${rpcPath(wire, call)}?${query}`,
    fields: requestFields(call, connectTimeout(call.timeoutMs)),
  } as const;
  const request = wire.transport.prepare(head, Buffer.alloc(0));
  return sendWith(ConnectUnaryReceiver, wire, call, [`application/${wire.codec}`], request);
}

/**
 * Streaming call of Connect: messages in envelopes, the last of which has the status.
 *
 * @see https://connectrpc.com/docs/protocol/#streaming-rpcs
 */
export function prepareConnectStream(wire: Wire, call: Call): Send {
  const contentType = `application/connect+${wire.codec}`;
  const body = envelope(encodeMessage(wire, call));
  const request = preparePost(wire, call, postFields(contentType, call), body);
  return sendWith(ConnectStreamReceiver, wire, call, [contentType], request);
}

function postFields(contentType: string, { timeoutMs }: Call): Record<string, string> {
  return {
    "content-type": contentType,
    "connect-protocol-version": "1",
    ...connectTimeout(timeoutMs),
  };
}

class ConnectUnaryReceiver extends CallReceiver {
  #error: KeptBody | undefined;

  override head(status: number, fields: Fields): void {
    super.head(status, fields);
    if (status !== 200) {
      this.#error = new KeptBody();
    }
  }

  data(chunk: Buffer): void {
    this.#error?.add(chunk);
  }

  end(): void {
    const encoding = this.header.get("content-encoding") ?? "identity";
    if (this.#error !== undefined) {
      this.#finishWithError(this.#error);
    } else if (this.isForeign) {
      this.finishForeign();
    } else if (encoding !== "identity") {
      this.finish(
        "internal",
        `Expected an uncompressed response, got content-encoding ${encoding}`,
      );
    } else {
      this.expected.onMessage?.();
      this.finish("ok", "");
    }
  }

  #finishWithError(body: KeptBody): void {
    const code = codeOfHttpStatus(this.httpStatus);
    const isJson = /^application\/json\s*(;|$)/i.test(this.header.get("content-type") ?? "");
    if (!isJson) {
      this.finishForeign();
      return;
    }
    const error = body.isCut ? undefined : readConnectError(parseJson(body.text()), code);
    this.finish(
      error?.code ?? code,
      error?.message ??
        `Expected a Connect error as JSON, got something else with HTTP status ${this.httpStatus}`,
    );
  }
}

class ConnectStreamReceiver extends EnvelopedReceiver {
  protected override get lastFlag(): number {
    return endStreamFlag;
  }

  protected override get statusLocation(): string {
    return "an EndStreamResponse";
  }

  protected override readStatus(): RpcStatus | undefined {
    if (this.last === undefined) {
      return undefined;
    }
    const json = parseJson(this.last);
    if (typeof json !== "object" || json === null) {
      return { code: "internal", message: "Expected an EndStreamResponse as JSON, got no JSON" };
    }
    return "error" in json && json.error !== undefined
      ? (readConnectError(json.error, "unknown") ?? { code: "unknown", message: "" })
      : okStatus;
  }
}

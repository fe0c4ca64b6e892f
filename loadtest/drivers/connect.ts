import type { Fields } from "../transport/transport.ts";
import { CallReceiver, type Expected, KeptBody } from "./call-receiver.ts";
import type { Call, Send } from "./driver.ts";
import { EnvelopedReceiver } from "./enveloped-receiver.ts";
import { codeOfHttpStatus, parseJson, type RpcStatus, readConnectError } from "./status.ts";
import {
  connectTimeout,
  encodeMessage,
  envelope,
  requestFields,
  rpcPath,
  type Wire,
} from "./wire.ts";

/**
 * Connect's unary calls: a message is a body, and an error is JSON with another HTTP status than 200.
 *
 * @see https://connectrpc.com/docs/protocol/#unary-rpcs
 */
export function prepareConnectUnary(wire: Wire, call: Call): Send {
  const contentType = `application/${wire.codec}`;
  const request = wire.transport.prepare(
    {
      method: "POST",
      path: rpcPath(wire, call),
      fields: requestFields(call, {
        "content-type": contentType,
        "connect-protocol-version": "1",
        ...connectTimeout(call.timeoutMs),
      }),
    },
    Buffer.from(encodeMessage(wire, call)),
  );
  const expected = expectConnectUnary(wire, call);
  return (done) => new ConnectUnaryReceiver(expected, done).start(request);
}

/**
 * The same by GET, with the message in the URL, so that caches can answer.
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
  const request = wire.transport.prepare(
    {
      method: "GET",
      path: `${rpcPath(wire, call)}?${query}`,
      fields: requestFields(call, connectTimeout(call.timeoutMs)),
    },
    Buffer.alloc(0),
  );
  const expected = expectConnectUnary(wire, call);
  return (done) => new ConnectUnaryReceiver(expected, done).start(request);
}

function expectConnectUnary(wire: Wire, { timeoutMs, onMessage }: Call): Expected {
  return { timeoutMs, onMessage, unary: true, contentTypes: [`application/${wire.codec}`] };
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
    } else if (this.foreign) {
      this.finishForeign();
    } else if (encoding !== "identity") {
      this.finish("internal", `Expected a plain response, got one in ${encoding}, unasked`);
    } else {
      this.expected.onMessage?.();
      this.finish("ok", "");
    }
  }

  #finishWithError(body: KeptBody): void {
    const code = codeOfHttpStatus(this.httpStatus);
    const isJson = /^application\/json\s*(;|$)/i.test(this.header.get("content-type") ?? "");
    const error =
      isJson && !body.isCut ? readConnectError(parseJson(body.text()), code) : undefined;
    if (error !== undefined) {
      this.finish(error.code, error.message);
    } else if (isJson) {
      this.finish(
        code,
        `Expected an error of Connect as JSON, got something else with HTTP status ${this.httpStatus}`,
      );
    } else {
      this.finishForeign();
    }
  }
}

const endStreamFlag = 0x02;

/**
 * Connect's streams: messages in envelopes, the last of which tells how the call ended.
 *
 * @see https://connectrpc.com/docs/protocol/#streaming-rpcs
 */
export function prepareConnectStream(wire: Wire, call: Call): Send {
  const contentType = `application/connect+${wire.codec}`;
  const request = wire.transport.prepare(
    {
      method: "POST",
      path: rpcPath(wire, call),
      fields: requestFields(call, {
        "content-type": contentType,
        "connect-protocol-version": "1",
        ...connectTimeout(call.timeoutMs),
      }),
    },
    envelope(encodeMessage(wire, call)),
  );
  const expected = {
    timeoutMs: call.timeoutMs,
    unary: false,
    onMessage: call.onMessage,
    contentTypes: [contentType],
  };
  return (done) => new ConnectStreamReceiver(expected, done).start(request);
}

class ConnectStreamReceiver extends EnvelopedReceiver {
  protected override get lastFlag(): number {
    return endStreamFlag;
  }

  protected override get statusPlace(): string {
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
      : { code: "ok", message: "" };
  }
}

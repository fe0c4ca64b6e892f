import { parseJson, readConnectError } from "./connect-error.ts";
import type { Call, Send } from "./driver.ts";
import { envelope } from "./envelope.ts";
import { EnvelopedReceiver } from "./enveloped-receiver.ts";
import type { RpcStatus } from "./grpc-status.ts";
import { connectTimeout, encodeMessage, requestFields, rpcPath, type Wire } from "./wire.ts";

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

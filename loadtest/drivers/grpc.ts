import type { Fields } from "../transport/transport.ts";
import type { Call, Send } from "./driver.ts";
import { envelope } from "./envelope.ts";
import { EnvelopedReceiver } from "./enveloped-receiver.ts";
import { type RpcStatus, readGrpcStatus } from "./grpc-status.ts";
import { encodeMessage, grpcTimeout, requestFields, rpcPath, type Wire } from "./wire.ts";

/**
 * gRPC: messages in the body, the status in the trailers.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export function prepareGrpc(wire: Wire, call: Call): Send {
  const contentType = `application/grpc+${wire.codec}`;
  const request = wire.transport.prepare(
    {
      method: "POST",
      path: rpcPath(wire, call),
      fields: requestFields(call, {
        "content-type": contentType,
        te: "trailers",
        ...grpcTimeout(call.timeoutMs),
      }),
    },
    envelope(encodeMessage(wire, call)),
  );
  const expected = {
    timeoutMs: call.timeoutMs,
    unary: call.method.methodKind === "unary",
    onMessage: call.onMessage,
    onBody: call.onBody,
    // Without a codec it is proto.
    contentTypes: wire.codec === "proto" ? [contentType, "application/grpc"] : [contentType],
  };
  return (done) => new GrpcReceiver(expected, done).start(request);
}

class GrpcReceiver extends EnvelopedReceiver {
  #trailers: Fields | undefined;

  override trailers(fields: Fields): void {
    this.#trailers = fields;
  }

  protected override get lastFlag(): number {
    return 0;
  }

  protected override get statusPlace(): string {
    return "the trailers";
  }

  protected override readStatus(): RpcStatus | undefined {
    // A server that has nothing but a status puts it into the header.
    const fields = this.#trailers ?? this.header;
    const status = fields.get("grpc-status");
    return status === null ? undefined : readGrpcStatus(status, fields.get("grpc-message"));
  }
}

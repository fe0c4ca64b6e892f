import type { Fields } from "../transport/transport.ts";
import type { Call, Send } from "./driver.ts";
import { EnvelopedReceiver } from "./enveloped-receiver.ts";
import { type RpcStatus, readGrpcStatus } from "./status.ts";
import { encodeMessage, envelope, grpcTimeout, requestFields, rpcPath, type Wire } from "./wire.ts";

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

const trailersFlag = 0x80;

/**
 * gRPC-Web: gRPC for those who can't read trailers. They are the body's last envelope.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md
 */
export function prepareGrpcWeb(wire: Wire, call: Call): Send {
  const contentType = `application/grpc-web+${wire.codec}`;
  const request = wire.transport.prepare(
    {
      method: "POST",
      path: rpcPath(wire, call),
      fields: requestFields(call, {
        "content-type": contentType,
        "x-grpc-web": "1",
        ...grpcTimeout(call.timeoutMs),
      }),
    },
    envelope(encodeMessage(wire, call)),
  );
  const expected = {
    timeoutMs: call.timeoutMs,
    unary: call.method.methodKind === "unary",
    onMessage: call.onMessage,
    // Without a codec it is proto.
    contentTypes: wire.codec === "proto" ? [contentType, "application/grpc-web"] : [contentType],
  };
  return (done) => new GrpcWebReceiver(expected, done).start(request);
}

class GrpcWebReceiver extends EnvelopedReceiver {
  protected override get lastFlag(): number {
    return trailersFlag;
  }

  protected override get statusPlace(): string {
    return "the trailers";
  }

  protected override readStatus(): RpcStatus | undefined {
    // A server that has nothing but a status puts it into the header.
    const status = this.#trailer("grpc-status") ?? this.header.get("grpc-status");
    return status === null
      ? undefined
      : readGrpcStatus(status, this.#trailer("grpc-message") ?? this.header.get("grpc-message"));
  }

  #trailer(name: string): string | null {
    for (const line of (this.last ?? "").split("\r\n")) {
      const colon = line.indexOf(":");
      if (line.slice(0, colon).trim().toLowerCase() === name) {
        return line.slice(colon + 1).trim();
      }
    }
    return null;
  }
}

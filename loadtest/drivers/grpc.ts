import type { Fields } from "@unblock/http2/client";
import { sendWith } from "./call-receiver.ts";
import type { Call, Send } from "./driver.ts";
import { EnvelopedReceiver } from "./enveloped-receiver.ts";
import { type RpcStatus, readGrpcStatus } from "./response.ts";
import { encodeMessage, envelope, grpcTimeout, preparePost, type Wire } from "./wire.ts";

const webTrailersFlag = 0x80;

/**
 * gRPC: messages in the body, the status in the trailers.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export function prepareGrpc(wire: Wire, call: Call): Send {
  return prepare(wire, call, "application/grpc", { te: "trailers" }, GrpcReceiver);
}

/**
 * gRPC-Web: gRPC for clients that can't read trailers, which are the last envelope of the body.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md
 */
export function prepareGrpcWeb(wire: Wire, call: Call): Send {
  return prepare(wire, call, "application/grpc-web", { "x-grpc-web": "1" }, GrpcWebReceiver);
}

function prepare(
  wire: Wire,
  call: Call,
  mediaType: string,
  fields: Record<string, string>,
  Receiver: typeof GrpcReceiver | typeof GrpcWebReceiver,
): Send {
  const contentType = `${mediaType}+${wire.codec}`;
  const request = preparePost(
    wire,
    call,
    { "content-type": contentType, ...fields, ...grpcTimeout(call.timeoutMs) },
    envelope(encodeMessage(wire, call)),
  );
  // A media type without a codec means proto.
  const contentTypes = wire.codec === "proto" ? [contentType, mediaType] : [contentType];
  return sendWith(Receiver, wire, call, contentTypes, request);
}

class GrpcReceiver extends EnvelopedReceiver {
  #trailers: Fields | undefined;

  override trailers(fields: Fields): void {
    this.#trailers = fields;
  }

  protected override get lastFlag(): number {
    return 0;
  }

  protected override get statusLocation(): string {
    return "the trailers";
  }

  protected override readStatus(): RpcStatus | undefined {
    // A response without messages has its status in the header.
    const fields = this.#trailers ?? this.header;
    const status = fields.get("grpc-status");
    return status === null ? undefined : readGrpcStatus(status, fields.get("grpc-message"));
  }
}

class GrpcWebReceiver extends EnvelopedReceiver {
  protected override get lastFlag(): number {
    return webTrailersFlag;
  }

  protected override get statusLocation(): string {
    return "the trailers";
  }

  protected override readStatus(): RpcStatus | undefined {
    const status = this.#field("grpc-status");
    return status === null ? undefined : readGrpcStatus(status, this.#field("grpc-message"));
  }

  /** A field of the last envelope, or of the header in a response without messages. */
  #field(name: string): string | null {
    for (const line of (this.last ?? "").split("\r\n")) {
      const colon = line.indexOf(":");
      if (line.slice(0, colon).trim().toLowerCase() === name) {
        return line.slice(colon + 1).trim();
      }
    }
    return this.header.get(name);
  }
}

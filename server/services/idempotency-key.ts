import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { type DescMessage, type MessageShape, toBinary } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import { callerKey } from "@unblock/connect/adapter/exchange";
import { Failure } from "@unblock/errors/failure";
import { quote } from "@unblock/errors/quote";

const idempotencyHeader = "idempotency-key";

/**
 * Returns the key of a call that may be repeated as `scope.fingerprint`; undefined when the caller sent none.
 * The scope identifies the RPC, the caller and the caller's key, so that keys of two callers never match. The
 * fingerprint identifies the request: a known key with another request is to be rejected.
 *
 * @throws Failure "invalid" for a key that is not 1 to 200 visible ASCII characters
 * @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
 */
export function idempotencyKeyOf<Input extends DescMessage>(
  { method, requestHeader, values }: HandlerContext,
  input: Input,
  request: MessageShape<Input>,
): string | undefined {
  const key = requestHeader.get(idempotencyHeader);
  if (key === null) {
    return undefined;
  }
  if (!/^[\x21-\x7e]{1,200}$/.test(key)) {
    throw new Failure("UNBLOCK_IDEMPOTENCY_KEY_INVALID", {
      header: idempotencyHeader,
      key: quote(key),
    });
  }
  const caller = callerOf(requestHeader.get("authorization"), values.get(callerKey)?.socket);
  const scope = JSON.stringify([method.parent.typeName, method.name, ...caller, key]);
  return `${digest(scope)}.${digest(toBinary(input, request))}`;
}

/**
 * Identifies the caller by its credentials, unverified, since nobody knows another caller's; else by its
 * certificate; else by the connection's address, and not by a proxy's header, which anybody can send.
 */
function callerOf(
  authorization: string | null,
  socket: Socket | undefined,
): readonly [kind: string, name: string] {
  if (authorization !== null) {
    return ["authorization", authorization];
  }
  const certificate = socket !== undefined && isTls(socket) ? certifiedName(socket) : undefined;
  return certificate === undefined
    ? ["address", socket?.remoteAddress ?? ""]
    : ["certificate", certificate];
}

function isTls(socket: Socket): socket is TLSSocket {
  return "encrypted" in socket;
}

/** Returns what stays the same when a certificate is renewed, if the authority named its holder. */
function certifiedName(socket: TLSSocket): string | undefined {
  if (!socket.authorized) {
    return undefined;
  }
  const { subject, subjectaltname, fingerprint256 } = socket.getPeerCertificate();
  return subject || subjectaltname ? JSON.stringify([subject, subjectaltname]) : fingerprint256;
}

/** A hash of 128 bits, for which nobody can find another text. */
function digest(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest().subarray(0, 16).toString("base64url");
}

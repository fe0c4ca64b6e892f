import type { ConnectError, ContextValues } from "@connectrpc/connect";
import { compressedFlag } from "@connectrpc/connect/protocol";
import * as grpc from "@connectrpc/connect/protocol-grpc";
import * as grpcWeb from "@connectrpc/connect/protocol-grpc-web";
import type { InitialFields } from "./call-context.ts";
import {
  announcedProblem,
  type EnvelopedMessage,
  envelope,
  maxBodyBytes,
  singleMessage,
} from "./envelope.ts";
import type { Exchange } from "./exchange.ts";
import { toNodeHeaders } from "./headers.ts";
import type { UnaryRoute } from "./routes.ts";
import { readTerms, rememberLast, type TermsFields } from "./terms.ts";
import { type CallHost, UnaryCall } from "./unary-call.ts";

const { trailerFlag, trailerSerialize } = grpcWeb;
const trailer = { "grpc-status": grpc.grpcStatusOk };

interface EnvelopedProtocol {
  readonly name: string;
  readonly terms: TermsFields;
  readonly binary: InitialFields;
  readonly json: InitialFields;
  /** Flag of envelopes in a request that are no messages; 0 for none. */
  readonly ignoredFlag: number;
}

export const grpcProtocol: EnvelopedProtocol = {
  name: "grpc",
  terms: termsFieldsWith(grpc.parseTimeout),
  binary: { header: { "content-type": grpc.contentTypeProto }, trailer },
  json: { header: { "content-type": grpc.contentTypeJson }, trailer },
  ignoredFlag: 0,
};
export const grpcWebProtocol: EnvelopedProtocol = {
  name: "grpc-web",
  terms: termsFieldsWith(grpcWeb.parseTimeout),
  binary: { header: { "content-type": grpcWeb.contentTypeProto }, trailer },
  json: { header: { "content-type": grpcWeb.contentTypeJson }, trailer },
  ignoredFlag: trailerFlag,
};

function termsFieldsWith(parseTimeout: TermsFields["parseTimeout"]): TermsFields {
  return {
    timeout: "grpc-timeout",
    parseTimeout: rememberLast(parseTimeout),
    encoding: "grpc-encoding",
    acceptEncoding: "grpc-accept-encoding",
  };
}

/** What gRPC and gRPC-Web have in common: the message is in an envelope. */
abstract class EnvelopedCall extends UnaryCall {
  readonly #ignoredFlag: number;

  constructor(
    protocol: EnvelopedProtocol,
    route: UnaryRoute,
    exchange: Exchange,
    isBinary: boolean,
    values: ContextValues | undefined,
    host: CallHost,
  ) {
    const terms = readTerms(route, exchange, protocol.terms);
    const fields = isBinary ? protocol.binary : protocol.json;
    const initial =
      terms.response === null
        ? fields
        : { header: { ...fields.header, "grpc-encoding": terms.response.name }, trailer };
    super({ route, exchange, isBinary, protocolName: protocol.name, terms, initial, values, host });
    this.#ignoredFlag = protocol.ignoredFlag;
  }

  protected override get maxBodyBytes(): number {
    return maxBodyBytes(this.route.options.readMaxBytes);
  }

  protected override messageOf(body: Uint8Array): EnvelopedMessage {
    return singleMessage(body, this.route.options.readMaxBytes, this.#ignoredFlag);
  }

  protected override announcedProblem(start: Uint8Array): ConnectError | undefined {
    return announcedProblem(start, this.route.options.readMaxBytes);
  }
}

/** @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
export class GrpcCall extends EnvelopedCall {
  protected override reply(message: Uint8Array, isCompressed: boolean): void {
    const { initial, changedHeader, changedTrailer } = this.context;
    this.exchange.respond({
      status: 200,
      header: toNodeHeaders(changedHeader, initial.header),
      body: envelope(isCompressed ? compressedFlag : 0, message),
      trailer: toNodeHeaders(changedTrailer, initial.trailer),
    });
  }

  protected override replyError(error: ConnectError): void {
    const { initial, changedHeader, responseTrailer } = this.context;
    grpc.setTrailerStatus(responseTrailer, error);
    this.exchange.respond({
      status: 200,
      header: toNodeHeaders(changedHeader, initial.header),
      trailer: toNodeHeaders(responseTrailer, initial.trailer),
    });
  }
}

/** Envelope of the trailers of a successful call. */
const okTrailer = envelope(trailerFlag, trailerSerialize(new Headers(trailer)));

/**
 * gRPC for browsers: the trailers are the last envelope of the body.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md
 */
export class GrpcWebCall extends EnvelopedCall {
  protected override reply(message: Uint8Array, isCompressed: boolean): void {
    const { changedTrailer } = this.context;
    const last =
      changedTrailer === undefined
        ? okTrailer
        : envelope(trailerFlag, trailerSerialize(changedTrailer));
    const first = envelope(isCompressed ? compressedFlag : 0, message);
    this.#respond(Buffer.concat([first, last]));
  }

  protected override replyError(error: ConnectError): void {
    const { responseTrailer } = this.context;
    grpcWeb.setTrailerStatus(responseTrailer, error);
    this.#respond(envelope(trailerFlag, trailerSerialize(responseTrailer)));
  }

  #respond(body: Uint8Array): void {
    const { initial, changedHeader } = this.context;
    const header = toNodeHeaders(changedHeader, initial.header);
    this.exchange.respond({ status: 200, header, body });
  }
}

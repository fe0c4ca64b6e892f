import { Code, ConnectError } from "@connectrpc/connect";
import {
  type Compression,
  compressedFlag,
  mergeNonProtocolHeaders,
} from "@connectrpc/connect/protocol";
import {
  codeToHttpStatus,
  contentTypeUnaryJson,
  contentTypeUnaryProto,
  errorToJsonBytes,
  parseTimeout,
} from "@connectrpc/connect/protocol-connect";
import type { CallHost } from "./call.ts";
import {
  announcedProblem,
  type EnvelopedMessage,
  envelope,
  maxBodyBytes,
  singleMessage,
} from "./envelope.ts";
import { tooLarge } from "./errors.ts";
import type { Exchange } from "./exchange.ts";
import { addTrailers, toNodeHeaders } from "./headers.ts";
import { type EnvelopedProtocol, readTerms, rememberLast, type TermsFields } from "./protocols.ts";
import type { UnaryRoute } from "./routes.ts";
import { UnaryCall } from "./unary-call.ts";

const termsFields: TermsFields = {
  timeout: "connect-timeout-ms",
  parseTimeout: rememberLast(parseTimeout),
  encoding: "content-encoding",
  acceptEncoding: "accept-encoding",
};
const binaryFields = { header: { "content-type": contentTypeUnaryProto }, trailer: {} };
const jsonFields = { header: { "content-type": contentTypeUnaryJson }, trailer: {} };

/**
 * A unary call over Connect, whose message is the body.
 *
 * @see https://connectrpc.com/docs/protocol/#unary-request
 */
export class ConnectCall extends UnaryCall {
  /** Query of a GET, which has the message. */
  readonly #query: URLSearchParams | undefined;

  constructor(
    route: UnaryRoute,
    exchange: Exchange,
    isBinary: boolean,
    query: URLSearchParams | undefined,
    host: CallHost,
  ) {
    const terms = readTerms(route, exchange, termsFields, query?.get("compression"));
    const initial = isBinary ? binaryFields : jsonFields;
    const init = { exchange, protocolName: "connect", terms, initial };
    super(route, init, isBinary, route.options.readMaxBytes, host);
    this.#query = query;
  }

  protected override messageOf(body: Uint8Array): EnvelopedMessage {
    return {
      bytes: this.#query === undefined ? body : messageOfQuery(this.#query),
      isCompressed: this.terms.request !== null,
    };
  }

  protected override announcedProblem(): ConnectError | undefined {
    const { readMaxBytes } = this.route.options;
    const bytes = Number(this.exchange.header("content-length"));
    return bytes > readMaxBytes ? tooLarge(readMaxBytes, bytes) : undefined;
  }

  protected override reply(message: Uint8Array, isCompressed: boolean): void {
    this.#respond(200, message, isCompressed ? this.terms.response : null);
  }

  protected override async replyError(error: ConnectError): Promise<void> {
    const { responseHeader } = this.context;
    responseHeader.set("content-type", contentTypeUnaryJson);
    // The metadata of an error from another server is not passed on.
    if (!error.isWireError) {
      mergeNonProtocolHeaders(responseHeader, error.metadata);
    }
    const status = codeToHttpStatus(error.code);
    const body = errorToJsonBytes(error, this.route.options.jsonOptions);
    const compression = this.compressionFor(body);
    const sent = compression === null ? body : await compression.compress(body);
    this.#respond(status, sent, compression);
  }

  #respond(status: number, body: Uint8Array, compression: Compression | null): void {
    const { initial, changedHeader, changedTrailer } = this.context;
    const header = { ...toNodeHeaders(changedHeader, initial.header) };
    if (changedTrailer !== undefined) {
      addTrailers(header, changedTrailer);
    }
    if (compression !== null) {
      header["content-encoding"] = compression.name;
    }
    header["content-length"] = body.length;
    this.exchange.respond({ status, header, body });
  }
}

function messageOfQuery(query: URLSearchParams): Uint8Array {
  const message = query.get("message") ?? "";
  if (query.get("base64") !== "1") {
    return Buffer.from(message);
  }
  // Both alphabets of Base64, with or without padding.
  if (!/^[\w+/-]*={0,2}$/.test(message)) {
    throw new ConnectError(
      "Expected the query's message to be Base64, as its base64=1 says",
      Code.InvalidArgument,
    );
  }
  return Buffer.from(message, "base64");
}

/** A unary call over gRPC or gRPC-Web, whose message has an envelope. */
export class EnvelopedCall extends UnaryCall {
  readonly #protocol: EnvelopedProtocol;

  constructor(
    protocol: EnvelopedProtocol,
    route: UnaryRoute,
    exchange: Exchange,
    isBinary: boolean,
    host: CallHost,
  ) {
    const terms = readTerms(route, exchange, protocol.terms);
    const initial = protocol.initial(isBinary, terms.response);
    const init = { exchange, protocolName: protocol.name, terms, initial };
    super(route, init, isBinary, maxBodyBytes(route.options.readMaxBytes), host);
    this.#protocol = protocol;
  }

  protected override messageOf(body: Uint8Array): EnvelopedMessage {
    return singleMessage(body, this.route.options.readMaxBytes, this.#protocol.ignoredFlag);
  }

  protected override announcedProblem(start: Uint8Array): ConnectError | undefined {
    return announcedProblem(start, this.route.options.readMaxBytes);
  }

  protected override reply(message: Uint8Array, isCompressed: boolean): void {
    const first = envelope(isCompressed ? compressedFlag : 0, message);
    this.#respond(first, undefined);
  }

  protected override replyError(error: ConnectError): void {
    this.#respond(undefined, error);
  }

  #respond(message: Uint8Array | undefined, error: ConnectError | undefined): void {
    const { initial, changedHeader } = this.context;
    const { body, trailer } = this.#protocol.end(this.context, error, this.route);
    this.exchange.respond({
      status: 200,
      header: toNodeHeaders(changedHeader, initial.header),
      body: joined(message, body),
      trailer,
    });
  }
}

function joined(
  message: Uint8Array | undefined,
  end: Uint8Array | undefined,
): Uint8Array | undefined {
  return message === undefined || end === undefined
    ? (message ?? end)
    : Buffer.concat([message, end]);
}

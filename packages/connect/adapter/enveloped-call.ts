import type { ConnectError } from "@connectrpc/connect";
import { compressedFlag } from "@connectrpc/connect/protocol";
import type { CallHost } from "./call.ts";
import {
  announcedProblem,
  type EnvelopedMessage,
  envelope,
  maxBodyBytes,
  singleMessage,
} from "./envelope.ts";
import type { Exchange } from "./exchange.ts";
import { toNodeHeaders } from "./headers.ts";
import type { EnvelopedProtocol } from "./protocols.ts";
import type { UnaryRoute } from "./routes.ts";
import { readTerms } from "./terms.ts";
import { UnaryCall } from "./unary-call.ts";

/** A unary call over gRPC or gRPC-Web. */
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

import type { ConnectError, ContextValues } from "@connectrpc/connect";
import { compressedFlag } from "@connectrpc/connect/protocol";
import {
  contentTypeJson,
  contentTypeProto,
  grpcStatusOk,
  parseTimeout,
  setTrailerStatus,
  trailerFlag,
  trailerSerialize,
} from "@connectrpc/connect/protocol-grpc-web";
import type { InitialFields } from "./call-context.ts";
import {
  announcedProblem,
  type EnvelopedMessage,
  envelope,
  mostBodyBytes,
  singleMessage,
} from "./envelope.ts";
import type { Exchange } from "./exchange.ts";
import { toNodeHeaders } from "./node-headers.ts";
import type { UnaryRoute } from "./routes.ts";
import { readTerms, rememberLast, type Terms, type TermsFields } from "./terms.ts";
import { type CallHost, UnaryCall } from "./unary-call.ts";

const termsFields: TermsFields = {
  timeout: "grpc-timeout",
  parseTimeout: rememberLast(parseTimeout),
  encoding: "grpc-encoding",
  acceptEncoding: "grpc-accept-encoding",
};
const trailer = { "grpc-status": grpcStatusOk };
const binaryFields = { header: { "content-type": contentTypeProto }, trailer };
const jsonFields = { header: { "content-type": contentTypeJson }, trailer };
const plainEnd = envelope(trailerFlag, trailerSerialize(new Headers(trailer)));

/**
 * gRPC for browsers: what gRPC has in the trailers is the last envelope of the body.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md
 */
export class GrpcWebCall extends UnaryCall {
  constructor(
    route: UnaryRoute,
    exchange: Exchange,
    isBinary: boolean,
    values: ContextValues | undefined,
    host: CallHost,
  ) {
    const terms = readTerms(route, exchange, termsFields);
    super({
      route,
      exchange,
      isBinary,
      protocolName: "grpc-web",
      terms,
      initial: initialFields(isBinary, terms),
      values,
      host,
    });
  }

  protected override get mostBodyBytes(): number {
    return mostBodyBytes(this.route.options.readMaxBytes);
  }

  protected override messageOf(body: Uint8Array): EnvelopedMessage {
    return singleMessage(body, this.route.options.readMaxBytes, trailerFlag);
  }

  protected override announcedProblem(start: Uint8Array): ConnectError | undefined {
    return announcedProblem(start, this.route.options.readMaxBytes);
  }

  protected override reply(message: Uint8Array, isCompressed: boolean): void {
    const { changedTrailer } = this.context;
    const end =
      changedTrailer === undefined
        ? plainEnd
        : envelope(trailerFlag, trailerSerialize(changedTrailer));
    const first = envelope(isCompressed ? compressedFlag : 0, message);
    this.#respond(Buffer.concat([first, end]));
  }

  protected override replyError(error: ConnectError): void {
    const { responseTrailer } = this.context;
    setTrailerStatus(responseTrailer, error);
    this.#respond(envelope(trailerFlag, trailerSerialize(responseTrailer)));
  }

  #respond(body: Uint8Array): void {
    const { initial, changedHeader } = this.context;
    const header = toNodeHeaders(changedHeader, initial.header);
    this.exchange.respond({ status: 200, header, body });
  }
}

function initialFields(isBinary: boolean, { response }: Terms): InitialFields {
  const fields = isBinary ? binaryFields : jsonFields;
  return response === null
    ? fields
    : { header: { ...fields.header, "grpc-encoding": response.name }, trailer };
}

import type { ConnectError } from "@connectrpc/connect";
import { type Compression, compressionNegotiate } from "@connectrpc/connect/protocol";
import * as connect from "@connectrpc/connect/protocol-connect";
import * as grpc from "@connectrpc/connect/protocol-grpc";
import * as grpcWeb from "@connectrpc/connect/protocol-grpc-web";
import type { CallContext, InitialFields, Terms } from "./call-context.ts";
import { envelope } from "./envelope.ts";
import type { Exchange, Fields } from "./exchange.ts";
import { toNodeHeaders } from "./headers.ts";
import type { Route } from "./routes.ts";

const { trailerFlag, trailerSerialize } = grpcWeb;
const { endStreamFlag } = connect;

type ParseTimeout = (
  value: string | null,
  maxTimeoutMs: number,
) => { readonly timeoutMs?: number; readonly error?: ConnectError | undefined };

/** Header fields of a protocol's terms. */
export interface TermsFields {
  readonly timeout: string;
  readonly parseTimeout: ParseTimeout;
  readonly encoding: string;
  readonly acceptEncoding: string;
}

/** A protocol in which each message has an envelope: all but Connect's unary calls. */
export interface EnvelopedProtocol {
  readonly name: string;
  readonly terms: TermsFields;
  /** Flag of envelopes in a request that are no messages; 0 for none. */
  readonly ignoredFlag: number;
  /** @param compression of the response */
  initial(isBinary: boolean, compression: Compression | null): InitialFields;
  /**
   * Returns the end of a response.
   *
   * @throws ConnectError when the trailers can't be sent; those fields are removed
   */
  end(context: CallContext, error: ConnectError | undefined, route: Route): ResponseEnd;
}

/** The last envelope of the body, or trailers. */
export interface ResponseEnd {
  readonly body?: Uint8Array;
  readonly trailer?: Fields;
}

const okTrailer = Object.freeze({ "grpc-status": grpc.grpcStatusOk });
const okEnvelope = envelope(trailerFlag, trailerSerialize(new Headers(okTrailer)));
const noFields = Object.freeze({});
const noCompression = { request: null, response: null, error: undefined };

/** @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md */
export const grpcProtocol: EnvelopedProtocol = {
  name: "grpc",
  terms: grpcTerms(grpc.parseTimeout),
  ignoredFlag: 0,
  initial: initialFields(grpc.contentTypeProto, grpc.contentTypeJson, "grpc-encoding", okTrailer),
  end: ({ initial, changedTrailer, responseTrailer }, error) => ({
    trailer: toNodeHeaders(
      error === undefined ? changedTrailer : grpc.setTrailerStatus(responseTrailer, error),
      initial.trailer,
    ),
  }),
};

/**
 * gRPC for browsers: the trailers are the last envelope of the body.
 *
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-WEB.md
 */
export const grpcWebProtocol: EnvelopedProtocol = {
  name: "grpc-web",
  terms: grpcTerms(grpcWeb.parseTimeout),
  ignoredFlag: trailerFlag,
  initial: initialFields(
    grpcWeb.contentTypeProto,
    grpcWeb.contentTypeJson,
    "grpc-encoding",
    okTrailer,
  ),
  end: (context, error) => {
    if (error === undefined && context.changedTrailer === undefined) {
      return { body: okEnvelope };
    }
    const { responseTrailer } = context;
    if (error !== undefined) {
      grpcWeb.setTrailerStatus(responseTrailer, error);
    }
    return { body: envelope(trailerFlag, trailerSerialize(responseTrailer)) };
  },
};

/** @see https://connectrpc.com/docs/protocol/#streaming-rpcs */
export const connectStreamProtocol: EnvelopedProtocol = {
  name: "connect",
  terms: {
    timeout: "connect-timeout-ms",
    parseTimeout: rememberLast(connect.parseTimeout),
    encoding: "connect-content-encoding",
    acceptEncoding: "connect-accept-encoding",
  },
  ignoredFlag: endStreamFlag,
  initial: initialFields(
    connect.contentTypeStreamProto,
    connect.contentTypeStreamJson,
    "connect-content-encoding",
    noFields,
  ),
  end: ({ responseTrailer }, error, { options }) => {
    const end = connect.endStreamToJson(responseTrailer, error, options.jsonOptions);
    return { body: envelope(endStreamFlag, Buffer.from(JSON.stringify(end))) };
  },
};

function grpcTerms(parseTimeout: TermsFields["parseTimeout"]): TermsFields {
  return {
    timeout: "grpc-timeout",
    parseTimeout: rememberLast(parseTimeout),
    encoding: "grpc-encoding",
    acceptEncoding: "grpc-accept-encoding",
  };
}

/** Makes each header once, for all calls. */
function initialFields(
  binaryType: string,
  jsonType: string,
  encodingField: string,
  trailer: InitialFields["trailer"],
): EnvelopedProtocol["initial"] {
  const byCompression = (type: string) => {
    const made = new Map<string | undefined, InitialFields>();
    return (compression: Compression | null) => {
      let fields = made.get(compression?.name);
      if (fields === undefined) {
        const encoding = compression === null ? {} : { [encodingField]: compression.name };
        const header = Object.freeze({ "content-type": type, ...encoding });
        fields = { header, trailer };
        made.set(compression?.name, fields);
      }
      return fields;
    };
  };
  const [binary, json] = [byCompression(binaryType), byCompression(jsonType)];
  return (isBinary, compression) => (isBinary ? binary(compression) : json(compression));
}

export function readTerms(
  { options, timeouts }: Route,
  exchange: Exchange,
  fields: TermsFields,
  encoding = exchange.header(fields.encoding),
): Terms {
  const accepted = exchange.header(fields.acceptEncoding);
  const compression =
    encoding === null && accepted === null
      ? noCompression
      : compressionNegotiate(options.acceptCompression, encoding, accepted, fields.acceptEncoding);
  const timeout = fields.parseTimeout(exchange.header(fields.timeout), options.maxTimeoutMs);
  const { defaultTimeoutMs, maxUnaryTimeoutMs = Number.POSITIVE_INFINITY } = timeouts;
  const timeoutMs = timeout.timeoutMs ?? defaultTimeoutMs;
  return {
    timeoutMs: timeoutMs === undefined ? undefined : Math.min(timeoutMs, maxUnaryTimeoutMs),
    request: compression.request,
    response: compression.response,
    problem: compression.error ?? timeout.error,
  };
}

/** Caches the last result, since callers repeat the same timeout. */
export function rememberLast(parseTimeout: ParseTimeout): ParseTimeout {
  let lastValue: string | null = null;
  let lastMax = 0;
  let last: ReturnType<ParseTimeout> | undefined;
  return (value, maxTimeoutMs) => {
    if (last === undefined || value !== lastValue || maxTimeoutMs !== lastMax) {
      last = parseTimeout(value, maxTimeoutMs);
      lastValue = value;
      lastMax = maxTimeoutMs;
    }
    return last;
  };
}

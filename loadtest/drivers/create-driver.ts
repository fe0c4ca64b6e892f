import { createPrivateKey, X509Certificate } from "node:crypto";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { Protocol } from "../../client/client.ts";
import { createHttp1Transport } from "../transport/http1/transport.ts";
import { createHttp2Transport } from "../transport/http2/transport.ts";
import type { TlsOptions } from "../transport/transport.ts";
import { prepareConnectGet, prepareConnectStream, prepareConnectUnary } from "./connect.ts";
import type { Call, Driver, LoadMethod, Send } from "./driver.ts";
import { prepareGrpc, prepareGrpcWeb } from "./grpc.ts";
import type { Codec, Wire } from "./wire.ts";

/** How calls are made. */
export interface Combination {
  readonly protocol: Protocol;
  readonly httpVersion: "1.1" | "2";
  readonly codec: Codec;
  /** Whether calls are made by GET. */
  readonly httpGet: boolean;
}

/** Plain data, so that it can be given to threads. */
export interface DriverOptions extends Combination {
  /** Such as "http://127.0.0.1:8080" or "https://example.com/api". */
  readonly baseUrl: string;
  readonly connections: number;
  readonly tls: TlsOptions;
}

const defaults = {
  codec: "proto",
  httpGet: false,
  httpVersion: "2",
  connections: 1,
  tls: { insecure: false },
} as const;

/**
 * Calls straight on the wire: requests are encoded once, and responses are not decoded, so that the
 * client is not what is measured.
 *
 * @param options by default proto by POST over one HTTP/2 connection
 * @throws Error when the URL or a certificate is none, or the options do not go together
 */
export function createDriver(
  options: Pick<DriverOptions, "baseUrl" | "protocol"> & Partial<DriverOptions>,
): Driver {
  const { baseUrl, connections, tls, ...combination } = { ...defaults, ...options };
  checkDriverOptions(combination);
  const url = parseUrl(baseUrl);
  checkTls(tls);
  const createTransport =
    combination.httpVersion === "2" ? createHttp2Transport : createHttp1Transport;
  const transport = createTransport({ url, connections, tls });
  const wire: Wire = {
    transport,
    codec: combination.codec,
    basePath: url.pathname.replace(/\/$/, ""),
  };
  return {
    connect: () => transport.connect(),
    prepare: (call) => {
      checkDriverOptions(combination, call.method);
      return prepare(wire, combination, call);
    },
    close: () => transport.close(),
  };
}

/**
 * Checks whether calls can be made so, and the calls of a method.
 *
 * @throws Error that says what stands against it
 */
export function checkDriverOptions(
  { protocol, httpVersion, httpGet }: Omit<Combination, "codec">,
  method?: LoadMethod,
): void {
  if (protocol === "grpc" && httpVersion === "1.1") {
    throw new Error("Expected HTTP/2 for gRPC, got HTTP/1.1; gRPC-Web and Connect go over both");
  }
  if (httpGet && protocol !== "connect") {
    throw new Error(`Expected the protocol connect for calls by GET, got ${protocol}`);
  }
  if (httpGet && method !== undefined) {
    checkHttpGet(method);
  }
}

function checkHttpGet({ name, methodKind, idempotency }: LoadMethod): void {
  if (methodKind !== "unary") {
    throw new Error(`Expected a unary RPC for calls by GET, got ${name}, which streams`);
  }
  if (idempotency !== MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS) {
    throw new Error(
      `Expected an RPC with idempotency_level NO_SIDE_EFFECTS for calls by GET, got ${name}, whose schema does not say so; call it by POST`,
    );
  }
}

function prepare(wire: Wire, { protocol, httpGet }: Combination, call: Call): Send {
  switch (protocol) {
    case "grpc":
      return prepareGrpc(wire, call);
    case "grpc-web":
      return prepareGrpcWeb(wire, call);
    case "connect":
      if (call.method.methodKind !== "unary") {
        return prepareConnectStream(wire, call);
      }
      return httpGet ? prepareConnectGet(wire, call) : prepareConnectUnary(wire, call);
  }
}

function parseUrl(baseUrl: string): URL {
  const url = URL.parse(baseUrl);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new Error(`Expected the server as a URL such as http://127.0.0.1:8080, got "${baseUrl}"`);
  }
  return url;
}

/**
 * Checks what a handshake would fail on with words that few understand, or pass over in silence.
 *
 * @throws Error that says which of the texts is not what it should be
 */
function checkTls({ ca, cert, key }: TlsOptions): void {
  if (ca !== undefined) {
    parse("the authority's certificate", ca, (pem) => new X509Certificate(pem));
  }
  if (cert !== undefined && key !== undefined) {
    const certificate = parse("the client's certificate", cert, (pem) => new X509Certificate(pem));
    const privateKey = parse("the client's key", key, (pem) => createPrivateKey(pem));
    if (!certificate.checkPrivateKey(privateKey)) {
      throw new Error("Expected the client's key to be its certificate's, got the key of another");
    }
  }
}

function parse<Parsed>(what: string, pem: string, parsePem: (pem: string) => Parsed): Parsed {
  try {
    return parsePem(pem);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Expected ${what} as PEM text, got something else (${reason})`);
  }
}

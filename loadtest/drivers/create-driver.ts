import { createPrivateKey, X509Certificate } from "node:crypto";
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { Protocol } from "@unblock/client/client";
import { reasonOf } from "@unblock/errors/failure";
import { Http2Transport, type TlsOptions } from "@unblock/http2/client";
import { Http1Transport } from "../transport/http1/transport.ts";
import { prepareConnectGet, prepareConnectStream, prepareConnectUnary } from "./connect.ts";
import { Deadlines } from "./deadlines.ts";
import type { Call, Driver, LoadMethod, Send } from "./driver.ts";
import { prepareGrpc, prepareGrpcWeb } from "./grpc.ts";
import type { Codec, Wire } from "./wire.ts";

/** The protocol stack of a call. */
export interface Combination {
  readonly protocol: Protocol;
  readonly httpVersion: "1.1" | "2";
  readonly codec: Codec;
  /** Whether calls are made by GET. */
  readonly httpGet: boolean;
}

/** Plain data, so that it can be sent to threads. */
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
 * Creates a driver that encodes each request once and does not decode responses, so that the
 * measurement is of the server and not of the client.
 *
 * @param options default: proto by POST over one HTTP/2 connection
 * @throws Error when the URL or a certificate is not valid, or the options contradict each other
 */
export function createDriver(
  options: Pick<DriverOptions, "baseUrl" | "protocol"> & Partial<DriverOptions>,
): Driver {
  const { baseUrl, connections, tls, ...combination } = { ...defaults, ...options };
  checkDriverOptions(combination);
  const url = URL.parse(baseUrl);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new Error(`Expected a server URL such as http://127.0.0.1:8080, got "${baseUrl}"`);
  }
  checkTls(tls);
  const HttpTransport = combination.httpVersion === "2" ? Http2Transport : Http1Transport;
  const transport = new HttpTransport({ url, connections, tls });
  const basePath = url.pathname.replace(/\/$/, "");
  const wire: Wire = {
    transport,
    codec: combination.codec,
    deadlines: new Deadlines(),
    basePath,
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
 * Checks whether the options go together, and with a method.
 *
 * @throws Error that names the contradiction
 */
export function checkDriverOptions(
  { protocol, httpVersion, httpGet }: Omit<Combination, "codec">,
  method?: LoadMethod,
): void {
  if (protocol === "grpc" && httpVersion === "1.1") {
    throw new Error("Expected HTTP/2 for gRPC, got HTTP/1.1; gRPC-Web and Connect support both");
  }
  if (httpGet && protocol !== "connect") {
    throw new Error(`Expected the protocol connect for calls by GET, got ${protocol}`);
  }
  if (!httpGet || method === undefined) {
    return;
  }
  const { name, methodKind, idempotency } = method;
  if (methodKind !== "unary") {
    throw new Error(`Expected a unary RPC for calls by GET, got the stream ${name}`);
  }
  if (idempotency !== MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS) {
    throw new Error(
      `Expected an RPC with idempotency_level NO_SIDE_EFFECTS for calls by GET, got ${name} without it; call it by POST`,
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

/**
 * Checks certificates before a handshake, which would fail with an obscure error or ignore them.
 *
 * @throws Error that names the invalid text
 */
function checkTls({ ca, cert, key }: TlsOptions): void {
  if (ca !== undefined) {
    parsePem("the authority's certificate", () => new X509Certificate(ca));
  }
  if (cert !== undefined && key !== undefined) {
    const certificate = parsePem("the client certificate", () => new X509Certificate(cert));
    const privateKey = parsePem("the client key", () => createPrivateKey(key));
    if (!certificate.checkPrivateKey(privateKey)) {
      throw new Error("Expected the key of the client certificate, got another key");
    }
  }
}

function parsePem<Parsed>(what: string, parse: () => Parsed): Parsed {
  try {
    return parse();
  } catch (error) {
    throw new Error(`Expected ${what} as PEM text, got something else (${reasonOf(error)})`);
  }
}

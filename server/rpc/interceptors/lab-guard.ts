import { createHash, timingSafeEqual } from "node:crypto";
import type { Interceptor, StreamRequest, UnaryRequest } from "@connectrpc/connect";
import type { Logger } from "pino";
import { Failure } from "../../errors.ts";
import { quote } from "../../quote.ts";
import { callerKey } from "../adapter/caller.ts";
import { WrongTokens } from "./wrong-tokens.ts";

export interface LabGuardConfig {
  /** Where the server listens. */
  readonly host: string;
  /** Known once it listens, which is before anybody calls. */
  readonly port: () => number;
  /** When given, callers must have it, and may come from anywhere. */
  readonly token: string | undefined;
  /** How many servers share the port. */
  readonly replicas: number;
  /** Whether callers must show a certificate, which the process that fires has not. */
  readonly needsCertificate: boolean;
}

type Request = UnaryRequest | StreamRequest;

/**
 * Lets only those call LabService who may load this server: its own page on this machine, programs on
 * this machine, and whoever has the token. The exercises stay open to all.
 *
 * A page of another site can have a browser call this server under a name of that site (DNS rebinding),
 * so names that are not this machine's are refused, and so are pages of other origins.
 */
export function guardLab(config: LabGuardConfig, logger: Logger): Interceptor {
  const { token } = config;
  const missing = whatIsMissing(config);
  const wrongTokens = new WrongTokens();
  const check = (request: Request) => {
    const { url: requested, header } = request;
    if (missing !== undefined) {
      throw new Failure("UNBLOCK_LAB_NOT_SET_UP", { reason: missing });
    }
    const url = URL.parse(requested);
    if (token === undefined) {
      assertOwnHost(url, config.port());
    }
    assertOwnOrigin(url, header.get("origin"));
    if (token !== undefined) {
      assertToken(token, request, wrongTokens, logger);
    }
  };
  return (next) => (request) => {
    check(request);
    return next(request);
  };
}

function whatIsMissing(config: LabGuardConfig): string | undefined {
  const { host, token, replicas, needsCertificate } = config;
  if (replicas > 1) {
    return (
      "Races, loads and kept runs are not there behind --replicas, where the process that is asked is " +
      "not the one that serves. Start the server without it."
    );
  }
  if (needsCertificate) {
    return (
      "Races, loads and kept runs are not there with --tls-client-ca: the process that fires has no " +
      "certificate to show. Start the server without it."
    );
  }
  if (token === undefined && !isLoopback(host)) {
    return (
      `This server listens on ${host}, where others reach it, and would let them load it: start it ` +
      "with --token, or with --host 127.0.0.1."
    );
  }
  return undefined;
}

/** @throws Failure when the server was called under a name that is not this machine's, or at another port */
export function assertOwnHost(url: URL | null, port: number): void {
  const [name, given] = [url?.hostname ?? "", url?.port || defaultPortOf(url)];
  if (!isLoopback(name) || given !== String(port)) {
    throw new Failure("UNBLOCK_HOST_FORBIDDEN", { port, host: quote(url?.host ?? "no host") });
  }
}

/**
 * Browsers say which page calls; programs say nothing.
 *
 * @throws Failure for a page of another origin
 */
export function assertOwnOrigin(url: URL | null, origin: string | null): void {
  // Not the scheme, which is another one before a proxy that ends TLS.
  if (origin !== null && URL.parse(origin)?.host !== url?.host) {
    throw new Failure("UNBLOCK_ORIGIN_FORBIDDEN", { origin: quote(origin) });
  }
}

/** In a time that says nothing of the token. */
function assertToken(token: string, request: Request, wrong: WrongTokens, logger: Logger): void {
  const authorization = request.header.get("authorization");
  if (authorization === null) {
    throw new Failure("UNBLOCK_TOKEN_WRONG", { got: "none" });
  }
  const { requestId, socket } = request.contextValues.get(callerKey) ?? {};
  const peer = socket?.remoteAddress ?? "unknown";
  wrong.assertAllowed(peer);
  const given = /^bearer +(.*)$/i.exec(authorization)?.[1] ?? "";
  if (timingSafeEqual(digest(given), digest(token))) {
    wrong.remember(peer);
    return;
  }
  wrong.countWrong(peer);
  // The limits bound these lines too.
  logger.warn({ request_id: requestId, peer, rpc: request.method.name }, "a wrong token was sent");
  throw new Failure("UNBLOCK_TOKEN_WRONG", { got: "another" });
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

/** @param name an address or name, as a flag or a URL has it */
function isLoopback(name: string): boolean {
  return ["localhost", "::1", "[::1]"].includes(name) || /^127(\.\d{1,3}){3}$/.test(name);
}

function defaultPortOf(url: URL | null): string {
  return url?.protocol === "https:" ? "443" : "80";
}

import { createHash, timingSafeEqual } from "node:crypto";
import type { StreamRequest, UnaryRequest } from "@connectrpc/connect";
import { Failure } from "@unblock/errors/failure";
import { quote } from "@unblock/errors/quote";
import type { Logger } from "pino";
import { callerKey } from "../adapter/exchange.ts";
import type { Guard } from "./chain.ts";

/** Wrong tokens in a row per address, and milliseconds until one more is allowed. */
const peerLimit = { burst: 10, refillMs: 6_000 };
/** The same in total, for all addresses that never sent the right token. */
const totalLimit = { burst: 100, refillMs: 600 };
/** Max remembered addresses; the least recent caller is forgotten first. */
const maxPeers = 1_000;

export interface LabGuardConfig {
  /** Address that the server listens on. */
  readonly host: string;
  /** Port of the server, known once it listens. */
  readonly port: () => number;
  /** Token required to start runs, from any host; undefined to accept callers of this machine only. */
  readonly token: string | undefined;
  /** Servers that share the port. */
  readonly replicas: number;
  /** Whether callers must show a certificate, which the process that makes the calls of a run has not. */
  readonly needsCertificate: boolean;
}

type Request = UnaryRequest | StreamRequest;

/**
 * Limits LabService to callers that may load this server: its own page and programs on this machine, and
 * callers with the token. The exercises stay open to everybody.
 *
 * A page of another site can have a browser call this server under a name of that site (DNS rebinding), so
 * other names than this machine's are rejected, and so are pages of other origins.
 */
export function guardLab(config: LabGuardConfig, logger: Logger): Guard {
  const { token } = config;
  const missing = whatIsMissing(config);
  const wrongTokens = new WrongTokens();
  return (request) => {
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
}

/**
 * Limits a service to callers on this machine: connections from a loopback address, under a name of this
 * machine, and no page of another site. A token does not change that: what the service writes belongs to the
 * person at this machine.
 *
 * @param port port of the server, known once it listens
 */
export function allowLoopbackOnly(port: () => number): Guard {
  return (request) => {
    const url = URL.parse(request.url);
    const peer = request.contextValues.get(callerKey)?.socket?.remoteAddress;
    if (peer === undefined || !isLoopbackAddress(peer)) {
      throw new Failure("UNBLOCK_CALLER_NOT_LOCAL", {});
    }
    assertOwnHost(url, port());
    assertOwnOrigin(url, request.header.get("origin"));
  };
}

/** Includes IPv4 addresses as a dual-stack socket shows them. */
function isLoopbackAddress(address: string): boolean {
  return address === "::1" || /^(::ffff:)?127(\.\d{1,3}){3}$/.test(address);
}

function whatIsMissing(config: LabGuardConfig): string | undefined {
  const { host, token, replicas, needsCertificate } = config;
  if (replicas > 1) {
    return (
      "Races, load tests and saved runs are not available with --replicas, where another process than the " +
      "called one may serve. Start the server without it."
    );
  }
  if (needsCertificate) {
    return (
      "Races, load tests and saved runs are not available with --tls-client-ca: the process that makes the " +
      "calls has no certificate to show. Start the server without it."
    );
  }
  if (token === undefined && !isLoopback(host)) {
    return (
      `This server listens on ${host}, where other hosts could start runs. Start it with --token, or with ` +
      "--host 127.0.0.1."
    );
  }
  return undefined;
}

/** @throws Failure for a host name other than this machine's, or another port */
function assertOwnHost(url: URL | null, port: number): void {
  const [name, given] = [url?.hostname ?? "", url?.port || defaultPortOf(url)];
  if (!isLoopback(name) || given !== String(port)) {
    throw new Failure("UNBLOCK_HOST_FORBIDDEN", { port, host: quote(url?.host ?? "no host") });
  }
}

/** @throws Failure for a page of another origin; programs send no origin */
function assertOwnOrigin(url: URL | null, origin: string | null): void {
  // Without the scheme, which differs behind a proxy that ends TLS.
  if (origin !== null && URL.parse(origin)?.host !== url?.host) {
    throw new Failure("UNBLOCK_ORIGIN_FORBIDDEN", { origin: quote(origin) });
  }
}

/** Compares the token in constant time. */
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
  // The limits of wrong tokens bound these log lines too.
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

interface Peer extends Bucket {
  /** Whether the address has sent the right token. */
  isKnown: boolean;
}

/** Leaks one wrong token per `refillMs`. */
interface Bucket {
  level: number;
  atMs: number;
}

/** Rate limit of wrong tokens: beyond it a token is not compared, right or wrong. */
export class WrongTokens {
  readonly #peers = new Map<string, Peer>();
  readonly #total: Bucket = { level: 0, atMs: 0 };

  /** @throws Failure when the address has to wait */
  assertAllowed(address: string, nowMs = performance.now()): void {
    const peer = this.#peers.get(address);
    const waitMs = Math.max(
      peer === undefined ? 0 : waitOf(peer, peerLimit, nowMs),
      peer?.isKnown ? 0 : waitOf(this.#total, totalLimit, nowMs),
    );
    if (waitMs > 0) {
      throw new Failure("UNBLOCK_TOKENS_THROTTLED", { wait_s: Math.ceil(waitMs / 1_000) });
    }
  }

  countWrong(address: string, nowMs = performance.now()): void {
    add(this.#touch(address), peerLimit, nowMs);
    add(this.#total, totalLimit, nowMs);
  }

  /** @param address of a caller that sent the right token */
  remember(address: string): void {
    this.#touch(address).isKnown = true;
  }

  #touch(address: string): Peer {
    const peer = this.#peers.get(address) ?? { level: 0, atMs: 0, isKnown: false };
    this.#peers.delete(address);
    this.#peers.set(address, peer);
    if (this.#peers.size > maxPeers) {
      const [oldest = ""] = this.#peers.keys();
      this.#peers.delete(oldest);
    }
    return peer;
  }
}

interface Limit {
  readonly burst: number;
  readonly refillMs: number;
}

function levelOf({ level, atMs }: Bucket, { refillMs }: Limit, nowMs: number): number {
  return Math.max(0, level - (nowMs - atMs) / refillMs);
}

/** Milliseconds until one more token is allowed; 0 when it is allowed now. */
function waitOf(bucket: Bucket, limit: Limit, nowMs: number): number {
  return Math.max(0, levelOf(bucket, limit, nowMs) + 1 - limit.burst) * limit.refillMs;
}

function add(bucket: Bucket, limit: Limit, nowMs: number): void {
  bucket.level = levelOf(bucket, limit, nowMs) + 1;
  bucket.atMs = nowMs;
}

import { Failure } from "@unblock/errors/failure";

/** Wrong tokens in a row per address, and milliseconds until one more is allowed. */
const peerLimit = { burst: 10, refillMs: 6_000 };
/** The same in total, for all addresses that never sent the right token. */
const totalLimit = { burst: 100, refillMs: 600 };
/** Max remembered addresses; the least recent caller is forgotten first. */
const maxPeers = 1_000;

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

import type { TransportFailure } from "@unblock/http2/client";
import { CallReceiver, KeptBody, maxKeptBytes } from "./call-receiver.ts";
import { codeOfHttpStatus, type RpcStatus } from "./response.ts";
import { compressedFlag, prefixBytes } from "./wire.ts";

/**
 * A response of enveloped messages, which are counted and not decoded. Chunks of the body may begin
 * and end anywhere, also within a prefix.
 */
export abstract class EnvelopedReceiver extends CallReceiver {
  /** Text of the last envelope, in protocols that put the status there. */
  protected last: string | undefined;
  #messages = 0;
  /** Received bytes of the current prefix. */
  #prefixBytes = 0;
  #flags = 0;
  /** Missing bytes of the envelope's content; while the prefix arrives, its length. */
  #missing = 0;
  #kept: KeptBody | undefined;

  /** Flag of the envelope that ends the response; 0 if the protocol has none. */
  protected abstract get lastFlag(): number;
  /** Where the status is, for messages. */
  protected abstract get statusLocation(): string;
  /** @returns undefined when the response has no status */
  protected abstract readStatus(): RpcStatus | undefined;

  data(chunk: Buffer): void {
    if (this.isForeign) {
      return;
    }
    this.expected.onBody?.(chunk);
    // Fast path: one whole envelope.
    if (
      this.#prefixBytes === 0 &&
      chunk[0] === 0 &&
      chunk.length >= prefixBytes &&
      chunk.readUInt32BE(1) === chunk.length - prefixBytes &&
      this.last === undefined
    ) {
      this.#countMessage();
      return;
    }
    let at = 0;
    while (at < chunk.length && !this.ended) {
      if (this.#prefixBytes < prefixBytes) {
        this.#readPrefix(chunk[at++] ?? 0);
      } else {
        const part = chunk.subarray(at, at + this.#missing);
        this.#kept?.add(part);
        this.#missing -= part.length;
        at += part.length;
      }
      if (this.#prefixBytes === prefixBytes && this.#missing === 0 && !this.ended) {
        this.#closeEnvelope();
      }
    }
  }

  end(): void {
    const status = this.readStatus();
    if (status !== undefined && status.code !== "ok") {
      this.finish(status.code, status.message);
    } else if (this.isForeign) {
      this.finishForeign();
    } else if (this.#prefixBytes > 0) {
      this.finish("internal", `The response ended within a message, ${this.#describeRest()}`);
    } else if (status === undefined) {
      this.finish(
        this.httpStatus === 200 ? "internal" : codeOfHttpStatus(this.httpStatus),
        `Expected a status in ${this.statusLocation}, got none with HTTP status ${this.httpStatus}`,
      );
    } else if (this.expected.unary && this.#messages !== 1) {
      this.finish("internal", `Expected one message, got ${this.#messages}`);
    } else {
      this.finish("ok", "");
    }
  }

  override fail(failure: TransportFailure): void {
    // Some servers reset a stream after they have sent the status.
    if (this.readStatus() === undefined) {
      super.fail(failure);
    } else {
      this.end();
    }
  }

  #readPrefix(byte: number): void {
    if (this.#prefixBytes === 0) {
      this.#flags = byte;
    } else {
      this.#missing = this.#missing * 256 + byte;
    }
    this.#prefixBytes++;
    if (this.#prefixBytes === prefixBytes) {
      this.#openEnvelope();
    }
  }

  #openEnvelope(): void {
    const flags = this.#flags;
    if (this.last !== undefined) {
      this.cancel("internal", "Expected the end of the response, got a message after the last one");
    } else if ((flags & compressedFlag) !== 0) {
      this.cancel("internal", "Expected uncompressed messages, got a compressed one");
    } else if (flags !== 0 && flags !== this.lastFlag) {
      const hex = flags.toString(16).padStart(2, "0");
      this.cancel("internal", `Expected known flags of a message, got 0x${hex}`);
    } else if (flags !== 0) {
      this.#kept = new KeptBody();
      if (this.#missing > maxKeptBytes) {
        this.cancel(
          "internal",
          `Expected ${this.statusLocation} of at most ${maxKeptBytes} bytes, got ${this.#missing}`,
        );
      }
    }
  }

  #closeEnvelope(): void {
    this.#prefixBytes = 0;
    if (this.#kept === undefined) {
      this.#countMessage();
    } else {
      this.last = this.#kept.text();
      this.#kept = undefined;
    }
  }

  #countMessage(): void {
    this.#messages++;
    this.expected.onMessage?.();
  }

  #describeRest(): string {
    return this.#prefixBytes < prefixBytes
      ? `after ${this.#prefixBytes} of the ${prefixBytes} bytes of its prefix`
      : `${this.#missing} bytes before its end`;
  }
}

import type { TransportFailure } from "../transport/transport.ts";
import { CallReceiver, KeptBody, mostKeptBytes } from "./call-receiver.ts";
import { codeOfHttpStatus, type RpcStatus } from "./status.ts";
import { compressedFlag, prefixBytes } from "./wire.ts";

/**
 * A response made of enveloped messages, which are counted and not decoded. Its body comes in parts
 * that can begin and end anywhere, within a prefix too.
 */
export abstract class EnvelopedReceiver extends CallReceiver {
  /** What the last envelope holds, as text: the status, where it has its place there. */
  protected last: string | undefined;
  #messages = 0;
  /** How much of the envelope's prefix is here. */
  #prefixBytes = 0;
  #flags = 0;
  /** How much of the envelope's content is not here yet; while the prefix comes in, its length. */
  #missing = 0;
  #kept: KeptBody | undefined;

  /** The flag of the envelope that ends the response; 0 where there is none. */
  protected abstract get lastFlag(): number;
  /** Where the status is, for messages. */
  protected abstract get statusPlace(): string;
  /** How the server says that the call ended; undefined when it does not say. */
  protected abstract readStatus(): RpcStatus | undefined;

  data(chunk: Buffer): void {
    if (this.foreign) {
      return;
    }
    this.expected.onBody?.(chunk);
    // The usual case: one envelope, whole.
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
    } else if (this.foreign) {
      this.finishForeign();
    } else if (this.#prefixBytes > 0) {
      this.finish("internal", `The response ended inside a message, ${this.#describeRest()}`);
    } else if (status === undefined) {
      this.finish(
        this.httpStatus === 200 ? "internal" : codeOfHttpStatus(this.httpStatus),
        `Expected a status in ${this.statusPlace}, got none with HTTP status ${this.httpStatus}`,
      );
    } else if (this.expected.unary && this.#messages !== 1) {
      this.finish("internal", `Expected one message, got ${this.#messages}`);
    } else {
      this.finish("ok", "");
    }
  }

  override fail(failure: TransportFailure): void {
    // Some servers cut a stream after they have said how the call ended.
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
      this.giveUp("internal", "Expected the response to end, got another message after its last");
    } else if ((flags & compressedFlag) !== 0) {
      this.giveUp("internal", "Expected plain messages, got a compressed one, unasked");
    } else if (flags !== 0 && flags !== this.lastFlag) {
      this.giveUp("internal", `Expected a message's flags to be known, got ${hex(flags)}`);
    } else if (flags !== 0) {
      this.#kept = new KeptBody();
      if (this.#missing > mostKeptBytes) {
        this.giveUp(
          "internal",
          `Expected ${this.statusPlace} to have at most ${mostKeptBytes} bytes, got ${this.#missing}`,
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
      ? `with ${this.#prefixBytes} of the ${prefixBytes} bytes of its prefix`
      : `${this.#missing} bytes before its end`;
  }
}

function hex(flags: number): string {
  return `0x${flags.toString(16).padStart(2, "0")}`;
}

import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import type { Compression } from "@connectrpc/connect/protocol";
import { Call, type CallHost } from "./call.ts";
import type { CallInit } from "./call-context.ts";
import { inflatesIntoOwnMemory, release } from "./compression.ts";
import type { EnvelopedMessage } from "./envelope.ts";
import { tooLarge, tooManyBytes } from "./errors.ts";
import { invokeUnary } from "./invoke.ts";
import { RequestBody } from "./request-body.ts";
import type { UnaryRoute } from "./routes.ts";
import { decompress, parseMessage, serializeMessage } from "./serialize.ts";

/** A unary call, from the wire to protobuf-es to its handler and back, without async iterables. */
export abstract class UnaryCall extends Call<UnaryRoute> {
  /** Whether messages are binary; JSON otherwise. */
  protected readonly isBinary: boolean;
  readonly #body = new RequestBody();
  readonly #maxBodyBytes: number;
  #isWorking = false;

  /** @param maxBodyBytes bytes that a request's body may have */
  constructor(
    route: UnaryRoute,
    init: CallInit,
    isBinary: boolean,
    maxBodyBytes: number,
    host: CallHost,
  ) {
    super(route, init, host);
    this.isBinary = isBinary;
    this.#maxBodyBytes = maxBodyBytes;
  }

  /** Returns the message in a body, which may be compressed. */
  protected abstract messageOf(body: Uint8Array): EnvelopedMessage;
  /** Returns why a message is rejected by its first bytes or the header. */
  protected abstract announcedProblem(start: Uint8Array): ConnectError | undefined;
  /** @throws when the response can't be sent, before anything is sent */
  protected abstract reply(message: Uint8Array, isCompressed: boolean): void;

  override onChunk(chunk: Uint8Array): void {
    if (this.isOver) {
      return;
    }
    const isFirst = this.#body.bytes === 0;
    const bytes = this.#body.bytes + chunk.length;
    const problem = isFirst ? this.announcedProblem(chunk) : undefined;
    if (problem !== undefined) {
      this.fail(problem);
    } else if (bytes > this.#maxBodyBytes) {
      this.fail(tooLarge(this.route.options.readMaxBytes));
    } else if (!this.held.hold(bytes)) {
      this.fail(tooManyBytes());
    } else {
      this.#body.add(chunk);
    }
  }

  override onEnd(): void {
    this.isReceived = true;
    if (!this.isOver) {
      void this.#serve();
    }
  }

  /** A whole response is sent at once, and needs no more room. */
  override onDrain(): void {}

  async #serve(): Promise<void> {
    this.#isWorking = true;
    try {
      if (this.gate !== undefined) {
        await this.gate;
        if (this.isOver) {
          return;
        }
      }
      const { spec, options } = this.route;
      const plain = this.#plainMessage(this.#body.take());
      // Awaiting a plain value would cost a turn.
      const message =
        plain instanceof Promise ? this.#parseInflated(await plain) : this.#parse(plain);
      if (message === undefined) {
        return;
      }
      this.context.isReached = true;
      const output = invokeUnary(spec, options.interceptors, this.context, message);
      const bytes = serializeMessage(
        this.route,
        this.isBinary,
        output instanceof Promise ? await output : output,
      );
      const compression = this.compressionFor(bytes);
      const reply = compression === null ? bytes : await compression.compress(bytes);
      if (!this.isOver) {
        this.succeed(() => this.reply(reply, compression !== null));
      }
    } catch (error) {
      this.fail(error);
    } finally {
      this.#isWorking = false;
      this.held.release();
    }
  }

  /** Returns undefined when the call is over. */
  #parseInflated(bytes: Uint8Array): MessageShape<DescMessage> | undefined {
    if (!this.isOver && !this.held.hold(bytes.length)) {
      this.fail(tooManyBytes());
    }
    const message = this.isOver ? undefined : this.#parse(bytes);
    const { request } = this.terms;
    const mayBeKept = this.isBinary && this.route.keepsBytes;
    if (!mayBeKept && request !== null && inflatesIntoOwnMemory(request)) {
      release(bytes);
    }
    return message;
  }

  #parse(bytes: Uint8Array): MessageShape<DescMessage> {
    return parseMessage(this.route, this.isBinary, bytes);
  }

  #plainMessage(body: Uint8Array): Uint8Array | Promise<Uint8Array> {
    const { bytes, isCompressed } = this.messageOf(body);
    return isCompressed
      ? decompress(bytes, this.terms.request, this.route.options.readMaxBytes)
      : bytes;
  }

  /** Returns the compression of a response; null for none. */
  protected compressionFor(bytes: Uint8Array): Compression | null {
    return bytes.length >= this.route.options.compressMinBytes ? this.terms.response : null;
  }

  protected override onOver(): void {
    this.#body.drop();
    // A handler that still works holds the message.
    if (!this.#isWorking) {
      this.held.release();
    }
  }
}

import { create, type DescMessage, type MessageInitShape } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { compressedFlag } from "@connectrpc/connect/protocol";
import { Call, type CallHost } from "./call.ts";
import { tooManyBytes } from "./errors.ts";
import { callAfterReads, type Exchange } from "./exchange.ts";
import { toNodeHeaders } from "./headers.ts";
import {
  IncomingMessages,
  type Message,
  MessageIterator,
  type MessageSource,
} from "./incoming-messages.ts";
import { invokeStream } from "./invoke.ts";
import { OutgoingMessages } from "./outgoing-messages.ts";
import { type EnvelopedProtocol, readTerms } from "./protocols.ts";
import type { StreamRoute } from "./routes.ts";
import { decompress, parseMessage, serializeMessage } from "./serialize.ts";

/** Bytes of complete messages from which on the caller is to send no more. */
const pauseBytes = 32 * 1024;

/** A client-streaming, server-streaming or bidirectional call. */
export class StreamCall extends Call<StreamRoute> implements MessageSource {
  readonly #protocol: EnvelopedProtocol;
  readonly #isBinary: boolean;
  readonly #incoming: IncomingMessages;
  readonly #outgoing: OutgoingMessages;
  /** Why no message follows the last one; undefined while there is no such reason. */
  #inputError: unknown;
  #isPaused = false;
  /** Called when there is a message, or none will come. */
  #wake: (() => void) | undefined;
  #output: AsyncIterator<MessageInitShape<DescMessage>> | undefined;

  constructor(
    protocol: EnvelopedProtocol,
    route: StreamRoute,
    exchange: Exchange,
    isBinary: boolean,
    host: CallHost,
  ) {
    const terms = readTerms(route, exchange, protocol.terms);
    const initial = protocol.initial(isBinary, terms.response);
    super(route, { exchange, protocolName: protocol.name, terms, initial }, host);
    this.#protocol = protocol;
    this.#isBinary = isBinary;
    this.#incoming = new IncomingMessages(route.options.readMaxBytes, protocol.ignoredFlag);
    this.#outgoing = new OutgoingMessages(exchange);
  }

  protected override get untaken(): unknown {
    return this.#outgoing.drained;
  }

  override start(): void {
    super.start();
    if (this.isOver) {
      return;
    }
    const rejected = this.route.streamGate?.(this.exchange.connection, this.context.signal);
    if (rejected === undefined) {
      callAfterReads(this);
    } else {
      this.fail(rejected);
    }
  }

  /** A call that was reset in the write that began it has no handler. */
  afterReads(): void {
    if (!this.isOver) {
      void this.#serve();
    }
  }

  override onChunk(chunk: Uint8Array): void {
    if (this.isOver || this.#inputError !== undefined) {
      return;
    }
    try {
      this.#incoming.add(chunk);
    } catch (error) {
      this.#inputError = error;
    }
    if (!this.held.hold(this.#incoming.bytes)) {
      this.fail(tooManyBytes());
      return;
    }
    if (this.#incoming.completeBytes > pauseBytes && !this.#isPaused) {
      this.#isPaused = true;
      this.exchange.pause();
    }
    this.#wake?.();
  }

  override onEnd(): void {
    this.isReceived = true;
    try {
      this.#incoming.end();
    } catch (error) {
      this.#inputError ??= error;
    }
    this.#wake?.();
  }

  override onDrain(): void {
    this.#outgoing.onDrain();
  }

  async #serve(): Promise<void> {
    try {
      if (this.gate !== undefined) {
        await this.gate;
      }
      const { spec, options } = this.route;
      this.context.isReached = true;
      const input = new MessageIterator(this);
      const output = await invokeStream(spec, options.interceptors, this.context, input);
      this.#output = output[Symbol.asyncIterator]();
      if (this.isOver) {
        this.#endHandler();
        return;
      }
      await this.#send(this.#output);
      if (!this.isOver) {
        this.succeed(() => this.#respond(undefined));
      }
    } catch (error) {
      this.fail(error);
    } finally {
      this.held.release();
    }
  }

  take(): Message | Promise<Message> | undefined {
    const message = this.#incoming.take();
    if (this.isOver) {
      throw this.context.signal.reason;
    }
    if (message === undefined) {
      if (this.#inputError !== undefined) {
        throw this.#inputError;
      }
      return undefined;
    }
    this.held.hold(this.#incoming.bytes);
    this.#resumeWhenRead();
    const parse = (bytes: Uint8Array) => parseMessage(this.route, this.#isBinary, bytes);
    const { request } = this.terms;
    return message.isCompressed
      ? decompress(message.bytes, request, this.route.options.readMaxBytes).then(parse)
      : parse(message.bytes);
  }

  changed(): Promise<void> | undefined {
    return this.isReceived
      ? undefined
      : new Promise((resolve) => {
          this.#wake = resolve;
        });
  }

  stop(): void {
    this.#incoming.drop();
    this.exchange.discard();
  }

  #resumeWhenRead(): void {
    if (this.#isPaused && 2 * this.#incoming.completeBytes < pauseBytes) {
      this.#isPaused = false;
      this.exchange.resume();
    }
  }

  /** Sends the messages of the handler, as far as the caller takes them. */
  async #send(output: AsyncIterator<MessageInitShape<DescMessage>>): Promise<void> {
    const { spec, options } = this.route;
    const { response } = this.terms;
    for (;;) {
      const { done, value } = await output.next();
      if (done || this.isOver) {
        return;
      }
      if (this.#outgoing.header === undefined) {
        this.#openResponse();
      }
      const message = create(spec.method.output, value);
      const bytes = serializeMessage(this.route, this.#isBinary, message);
      const isCompressed = response !== null && bytes.length >= options.compressMinBytes;
      if (isCompressed) {
        this.#outgoing.add(compressedFlag, await response.compress(bytes));
      } else {
        this.#outgoing.add(0, bytes);
      }
      if (this.#outgoing.drained !== undefined) {
        await this.#outgoing.drained;
      }
    }
  }

  /** @throws ConnectError when the header can't be sent */
  #openResponse(): void {
    const { initial, changedHeader } = this.context;
    try {
      this.#outgoing.header = toNodeHeaders(changedHeader, initial.header);
    } catch (error) {
      this.host.onLost(error);
      throw error;
    }
  }

  protected override replyError(error: ConnectError): void {
    this.#respond(error);
  }

  #respond(error: ConnectError | undefined): void {
    const { initial, changedHeader } = this.context;
    const header = this.#outgoing.header ?? toNodeHeaders(changedHeader, initial.header);
    this.#outgoing.end(header, this.#protocol.end(this.context, error, this.route));
  }

  protected override onOver(): void {
    // The caller may keep the stream open to send more.
    if (this.exchange.isIncomplete) {
      this.exchange.closeAfterResponse();
    }
    this.#incoming.drop();
    this.held.release();
    this.#wake?.();
    this.#outgoing.onDrain();
    this.#endHandler();
  }

  /** Not awaited: a handler that ignores its signal would hold the call. */
  #endHandler(): void {
    this.#output?.return?.()?.catch(() => {});
  }
}

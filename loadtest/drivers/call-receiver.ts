import type {
  Fields,
  PreparedRequest,
  Receiver,
  Sending,
  TransportFailure,
} from "../transport/transport.ts";
import type { CallInProgress, CallResult } from "./driver.ts";
import { codeOfHttpStatus } from "./status.ts";

/** What a call's response is to be; made once for all calls of a `Send`. */
export interface Expected {
  /** The call's deadline in milliseconds; 0 for none. */
  readonly timeoutMs: number;
  /** Whether there is exactly one message. */
  readonly unary: boolean;
  readonly onMessage: (() => void) | undefined;
  readonly onBody?: ((chunk: Buffer) => void) | undefined;
  /** What `content-type` may be, the usual one first. */
  readonly contentTypes: readonly string[];
}

/** What setTimeout can wait at most; it would fire at once if it were asked for more. */
const longestTimerMs = 2 ** 31 - 1;
const noFields: Fields = { get: () => null };

/**
 * A call in progress: keeps its deadline, and tells once how it ended. Each protocol reads its
 * responses in its own way.
 */
export abstract class CallReceiver implements Receiver, CallInProgress {
  protected readonly expected: Expected;
  protected httpStatus = 0;
  protected header = noFields;
  /** Whether the response has another content-type, as a proxy's page has. */
  protected foreign = false;
  readonly #done: (result: CallResult) => void;
  #sending: Sending | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(expected: Expected, done: (result: CallResult) => void) {
    this.expected = expected;
    this.#done = done;
  }

  abstract data(chunk: Buffer): void;
  abstract end(): void;

  start(request: PreparedRequest): this {
    this.#sending = request.send(this);
    // It may have failed already.
    if (this.expected.timeoutMs > 0 && !this.#ended) {
      this.#timer = setTimeout(expire, Math.min(this.expected.timeoutMs, longestTimerMs), this);
    }
    return this;
  }

  head(status: number, fields: Fields): void {
    this.httpStatus = status;
    this.header = fields;
    this.foreign = !matches(fields.get("content-type"), this.expected.contentTypes);
  }

  trailers(_fields: Fields): void {}

  fail({ code, message }: TransportFailure): void {
    this.finish(code, message);
  }

  protected get ended(): boolean {
    return this.#ended;
  }

  /** Tells how the call ended; the first time counts. */
  protected finish(code: string, message: string): void {
    if (this.#ended) {
      return;
    }
    this.#ended = true;
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer);
    }
    this.#done({
      code,
      message,
      header: this.header,
      connection: this.#sending?.connection ?? -1,
      writtenMs: this.#sending?.writtenMs ?? 0,
    });
  }

  /** Ends a call whose response has another content-type. */
  protected finishForeign(): void {
    const contentType = this.header.get("content-type");
    const [usual = ""] = this.expected.contentTypes;
    const got = contentType === null ? "none" : `"${contentType}"`;
    this.finish(
      this.httpStatus === 200 && isOtherCodec(contentType ?? "", usual)
        ? "internal"
        : codeOfHttpStatus(this.httpStatus),
      `Expected content-type ${usual}, got ${got} with HTTP status ${this.httpStatus}`,
    );
  }

  /** Ends the call before its response does. */
  giveUp(code: string, message: string): void {
    if (!this.#ended) {
      this.#sending?.cancel();
      this.finish(code, message);
    }
  }

  expire(): void {
    this.giveUp("deadline_exceeded", `No answer within ${this.expected.timeoutMs} ms`);
  }
}

function expire(receiver: CallReceiver): void {
  receiver.expire();
}

function matches(contentType: string | null, expected: readonly string[]): boolean {
  if (contentType === null) {
    return false;
  }
  // The usual answer costs one comparison; a charset or other letters cost more.
  return (
    expected[0] === contentType ||
    expected.includes(contentType.split(";", 1)[0]?.trim().toLowerCase() ?? "")
  );
}

/** Whether it is the protocol's, and only the codec is another. */
function isOtherCodec(contentType: string, usual: string): boolean {
  const protocol = usual.replace(/(proto|json)$/, "");
  return contentType.startsWith(protocol) || `${contentType}+` === protocol;
}

/** Enough for an error's details; what is longer must not fill the memory of a load. */
export const mostKeptBytes = 65_536;

/** The part of a response that is read as text once it is whole: an error, or trailers. */
export class KeptBody {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  /** Whether it is longer than 64 KiB, so that only its begin is kept. */
  get isCut(): boolean {
    return this.#bytes > mostKeptBytes;
  }

  /** @param chunk is copied, since it is valid during the call alone */
  add(chunk: Buffer): void {
    const room = mostKeptBytes - this.#bytes;
    this.#bytes += chunk.length;
    if (room > 0) {
      this.#chunks.push(Buffer.from(chunk.subarray(0, room)));
    }
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString();
  }
}

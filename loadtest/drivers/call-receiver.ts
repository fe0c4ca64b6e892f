import type {
  Fields,
  PreparedRequest,
  Receiver,
  Sending,
  TransportFailure,
} from "@unblock/http2/client";
import type { DeadlineQueue, Expiring } from "./deadlines.ts";
import type { Call, CallInProgress, CallResult, Send } from "./driver.ts";
import { codeOfHttpStatus } from "./response.ts";
import type { Wire } from "./wire.ts";

/** What a valid response looks like; one object for all calls of a `Send`. */
interface ExpectedResponse {
  readonly deadlines: DeadlineQueue | undefined;
  /** Whether there is exactly one message. */
  readonly unary: boolean;
  readonly onMessage: Call["onMessage"];
  readonly onBody: Call["onBody"];
  /** Accepted values of `content-type`, the usual one first. */
  readonly contentTypes: readonly string[];
}

/** @param contentTypes accepted values of the response's `content-type`, the usual one first */
export function sendWith(
  Receiver: new (...given: ConstructorParameters<typeof CallReceiver>) => CallReceiver,
  { deadlines }: Wire,
  { method, timeoutMs, onMessage, onBody }: Call,
  contentTypes: readonly string[],
  request: PreparedRequest,
): Send {
  const expected = {
    deadlines: deadlines.of(timeoutMs),
    unary: method.methodKind === "unary",
    onMessage,
    onBody,
    contentTypes,
  };
  return (done, connection) => new Receiver(expected, done).start(request, connection);
}

const noFields: Fields = { get: () => null };

/** A call in progress: enforces the deadline and reports the result once. */
export abstract class CallReceiver implements Receiver, CallInProgress, Expiring {
  expiryMs = 0;
  previous: Expiring | undefined;
  next: Expiring | undefined;
  protected readonly expected: ExpectedResponse;
  protected httpStatus = 0;
  protected header = noFields;
  /** Whether the response has another content-type, such as a proxy's error page. */
  protected isForeign = false;
  readonly #done: (result: CallResult) => void;
  #sending: Sending | undefined;
  #ended = false;

  constructor(expected: ExpectedResponse, done: (result: CallResult) => void) {
    this.expected = expected;
    this.#done = done;
  }

  abstract data(chunk: Buffer): void;
  abstract end(): void;

  start(request: PreparedRequest, connection: number | undefined): this {
    const sending = request.send(this, connection);
    this.#sending = sending;
    // The send may have failed already.
    if (!this.#ended) {
      this.expected.deadlines?.add(this, sending.writtenMs || performance.now());
    }
    return this;
  }

  head(status: number, fields: Fields): void {
    this.httpStatus = status;
    this.header = fields;
    this.isForeign = !matches(fields.get("content-type"), this.expected.contentTypes);
  }

  trailers(_fields: Fields): void {}

  fail({ code, message }: TransportFailure): void {
    this.finish(code, message);
  }

  protected get ended(): boolean {
    return this.#ended;
  }

  /** Reports the result; later calls have no effect. */
  protected finish(code: string, message: string): void {
    if (this.#ended) {
      return;
    }
    this.#ended = true;
    this.expected.deadlines?.remove(this);
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

  cancel(code: string, message: string): void {
    if (!this.#ended) {
      this.#sending?.cancel();
      this.finish(code, message);
    }
  }

  expire(timeoutMs: number): void {
    this.cancel("deadline_exceeded", `No response within ${timeoutMs} ms`);
  }
}

function matches(contentType: string | null, expected: readonly string[]): boolean {
  if (contentType === null) {
    return false;
  }
  // The usual value costs one comparison; parameters or upper case cost more.
  return (
    expected[0] === contentType ||
    expected.includes(contentType.split(";", 1)[0]?.trim().toLowerCase() ?? "")
  );
}

/** Whether the protocol is the same and only the codec differs. */
function isOtherCodec(contentType: string, usual: string): boolean {
  const protocol = usual.replace(/(proto|json)$/, "");
  return contentType.startsWith(protocol) || `${contentType}+` === protocol;
}

/** Room for an error with details; a longer body must not fill the client's memory. */
export const maxKeptBytes = 65_536;

/** The part of a response that is read as text when complete: an error, or trailers. */
export class KeptBody {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;

  /** Whether the body is longer than 64 KiB, of which only the beginning is kept. */
  get isCut(): boolean {
    return this.#bytes > maxKeptBytes;
  }

  /** @param chunk copied, because it is valid only during the call */
  add(chunk: Buffer): void {
    const room = maxKeptBytes - this.#bytes;
    this.#bytes += chunk.length;
    if (room > 0) {
      this.#chunks.push(Buffer.from(chunk.subarray(0, room)));
    }
  }

  text(): string {
    return Buffer.concat(this.#chunks).toString();
  }
}

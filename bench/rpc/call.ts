import type {
  Fields,
  PreparedRequest,
  Receiver,
  Sending,
  TransportFailure,
} from "@unblock/http2/client";
import type { Post } from "../harness/h2load.ts";

/** Whether a response ends well, by the request's media type. */
const endsWell: Readonly<Record<string, (rest: string, grpcStatus: string | null) => boolean>> = {
  "application/grpc+proto": (rest, grpcStatus) => rest === "" && grpcStatus === "0",
  "application/grpc-web+proto": (rest) =>
    rest.startsWith("\x80") && /grpc-status: ?0\r\n/.test(rest),
  "application/connect+proto": (rest) => rest.startsWith("\x02") && !rest.includes('"error"'),
  "application/proto": (rest) => rest === "",
};

/** Compares a response with the expected one as it arrives. */
class CheckedResponse implements Receiver {
  readonly #post: Post;
  readonly #done: (problem: string | undefined) => void;
  #status = 0;
  #receivedBytes = 0;
  #isEqual = true;
  /** What follows the messages. */
  #rest = "";
  #grpcStatus: string | null = null;

  constructor(post: Post, done: (problem: string | undefined) => void) {
    this.#post = post;
    this.#done = done;
  }

  head(status: number, fields: Fields): void {
    this.#status = status;
    this.#grpcStatus = fields.get("grpc-status");
  }

  data(chunk: Buffer): void {
    const end = this.#receivedBytes + chunk.length;
    const expected = this.#post.response.subarray(this.#receivedBytes, end);
    this.#isEqual &&= expected.equals(chunk.subarray(0, expected.length));
    this.#receivedBytes += expected.length;
    this.#rest += chunk.toString("latin1", expected.length);
  }

  trailers(fields: Fields): void {
    this.#grpcStatus = fields.get("grpc-status");
  }

  end(): void {
    const { path, fields, response } = this.#post;
    const mediaType = fields["content-type"] ?? "";
    const isRight =
      this.#status === 200 &&
      this.#isEqual &&
      this.#receivedBytes === response.length &&
      endsWell[mediaType]?.(this.#rest, this.#grpcStatus);
    this.#done(
      isRight
        ? undefined
        : `${path} as ${mediaType}: HTTP status ${this.#status}, grpc-status ${this.#grpcStatus}, ` +
            `${this.#receivedBytes} of ${response.length} bytes, then "${this.#rest.slice(0, 200)}"`,
    );
  }

  fail({ code, message }: TransportFailure): void {
    this.#done(`${this.#post.path}: ${code}, ${message}`);
  }
}

/**
 * Sends a call and checks its response to the last byte.
 *
 * @param done called once, unless the call is cancelled; without a problem when the response is right
 */
export function sendChecked(
  request: PreparedRequest,
  post: Post,
  done: (problem: string | undefined) => void,
): Sending {
  return request.send(new CheckedResponse(post, done));
}

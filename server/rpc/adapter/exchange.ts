import type { OutgoingHttpHeaders } from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import type { Caller } from "./caller.ts";
import type { RequestBody } from "./request-body.ts";

/** One HTTP request and its response, the same over HTTP/1.1 and HTTP/2. */
export interface Exchange extends Caller {
  /** "GET" or "POST". */
  readonly method: string;
  /** The request's path with its query. */
  readonly path: string;
  /** The whole URL, as the caller sees it. */
  readonly url: string;
  /**
   * Of HTTP/2, where nobody else looks whether a request comes to its end; undefined over HTTP/1.1, where
   * Node's server does.
   */
  readonly stream: ServerHttp2Stream | undefined;
  /** Whether the request was reset, or its connection ended, before it was answered. */
  readonly isCutOff: boolean;
  /** A request header by its name in small letters; those that occur more than once are joined. */
  header(name: string): string | null;
  /** All request headers. */
  headers(): Headers;
  /** Reads the request's body. To be called once. */
  read(mostBytes: number, reader: BodyReader): RequestBody;
  /**
   * Told once when the caller has taken the whole answer, or has gone away before that; and whether Node's server
   * has sent it away, because its request took too long.
   */
  onGone(gone: (isOverdue: boolean) => void): void;
  /** Has the caller send no more once its answer is out, though the request is not complete. */
  closeOnceAnswered(): void;
  /** Gives up a caller that does not take its answer. */
  cut(): void;
  /** Answers. To be called once; does nothing when the caller is gone. */
  respond(response: Response): void;
}

export interface BodyReader {
  /** The body has ended: it is whole, unless the exchange `isCutOff`, for which Node emits "end" as well. */
  onBody(body: Uint8Array): void;
  /** Its first piece is here. @returns whether it is to be read on; otherwise it is thrown away */
  onStart(start: Uint8Array): boolean;
  /** So many bytes of it are here. @returns whether it is to be read on; otherwise it is thrown away */
  onBytes(bytes: number): boolean;
  /** It is larger than what is read, so the rest of it is thrown away. */
  onTooLarge(): void;
}

export interface Response {
  readonly status: number;
  readonly header: Readonly<OutgoingHttpHeaders>;
  readonly body?: Uint8Array;
  readonly trailer?: Readonly<OutgoingHttpHeaders>;
}

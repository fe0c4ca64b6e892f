import { mkdtempDisposableSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create, type DescMethod, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import type { Protocol } from "@unblock/client/client";
import { envelope } from "@unblock/connect/adapter/envelope";
import type { Fields, Receiver, Sending, Transport, TransportFailure } from "@unblock/http2/client";
import {
  CountRequestSchema,
  CountResponseSchema,
  EchoRequestSchema,
  EchoResponseSchema,
  EchoService,
  file_echo_v1_echo,
  MirrorRequestSchema,
  MirrorResponseSchema,
  RepeatRequestSchema,
  RepeatResponseSchema,
} from "@unblock/proto/gen/echo/v1/echo_pb";
import type { Target } from "../harness/bench.ts";
import type { Post } from "../harness/clients.ts";

const fields = { text: "the quick brown fox", number: 4711 };

/** The unary RPC for clients that encode the request themselves. */
export function createEchoTarget(): Target & Disposable {
  const folder = mkdtempDisposableSync(join(tmpdir(), "unblock-bench-"));
  const descriptorSet = join(folder.path, "echo.binpb");
  const set = create(FileDescriptorSetSchema, { file: [file_echo_v1_echo.proto] });
  writeFileSync(descriptorSet, toBinary(FileDescriptorSetSchema, set));
  return {
    rpc: `${EchoService.typeName}/${EchoService.method.echo.name}`,
    descriptorSet,
    data: JSON.stringify(fields),
    [Symbol.dispose]: () => folder.remove(),
  };
}

/** A unary call. */
export function echo(protocol: Protocol): Post {
  const request = toBinary(EchoRequestSchema, create(EchoRequestSchema, fields));
  const response = toBinary(EchoResponseSchema, create(EchoResponseSchema, fields));
  return post(protocol, EchoService.method.echo, [request], [response]);
}

/** Messages of a streaming call. */
export interface Messages {
  readonly bytes: number;
  readonly times: number;
}

/** A server stream. */
export function repeat(protocol: Protocol, { bytes, times }: Messages): Post {
  const request = toBinary(RepeatRequestSchema, create(RepeatRequestSchema, { bytes, times }));
  const payload = new Uint8Array(bytes);
  const response = toBinary(RepeatResponseSchema, create(RepeatResponseSchema, { payload }));
  return post(protocol, EchoService.method.repeat, [request], repeated(times, response));
}

/** A client stream. */
export function count(protocol: Protocol, { bytes, times }: Messages): Post {
  const payload = new Uint8Array(bytes);
  const request = toBinary(CountRequestSchema, create(CountRequestSchema, { payload }));
  const response = toBinary(CountResponseSchema, create(CountResponseSchema, { messages: times }));
  return post(protocol, EchoService.method.count, repeated(times, request), [response]);
}

/** A bidirectional stream. */
export function mirror(protocol: Protocol, { bytes, times }: Messages): Post {
  const payload = new Uint8Array(bytes);
  const request = toBinary(MirrorRequestSchema, create(MirrorRequestSchema, { payload }));
  const response = toBinary(MirrorResponseSchema, create(MirrorResponseSchema, { payload }));
  const { mirror } = EchoService.method;
  return post(protocol, mirror, repeated(times, request), repeated(times, response));
}

export function repeated<Item>(times: number, item: Item): Item[] {
  return Array.from({ length: times }, () => item);
}

function post(
  protocol: Protocol,
  { parent, name, methodKind }: DescMethod,
  requests: readonly Uint8Array[],
  responses: readonly Uint8Array[],
): Post {
  const isBare = protocol === "connect" && methodKind === "unary";
  const bytesOf = (messages: readonly Uint8Array[]) =>
    Buffer.concat(isBare ? messages : messages.map((message) => envelope(0, message)));
  return {
    path: `/${parent.typeName}/${name}`,
    fields: isBare ? unaryConnectFields : protocolFields[protocol],
    body: bytesOf(requests),
    response: bytesOf(responses),
  };
}

const unaryConnectFields = {
  "content-type": "application/proto",
  "connect-protocol-version": "1",
};

const protocolFields: Readonly<Record<Protocol, Readonly<Record<string, string>>>> = {
  grpc: { "content-type": "application/grpc+proto", te: "trailers" },
  "grpc-web": { "content-type": "application/grpc-web+proto", "x-grpc-web": "1" },
  connect: { "content-type": "application/connect+proto", "connect-protocol-version": "1" },
};

/** Whether a response ends well, by the request's media type. */
const endsWell: Readonly<Record<string, (rest: string, grpcStatus: string | null) => boolean>> = {
  "application/grpc+proto": (rest, grpcStatus) => rest === "" && grpcStatus === "0",
  "application/grpc-web+proto": (rest) =>
    rest.startsWith("\x80") && /grpc-status: ?0\r\n/.test(rest),
  "application/connect+proto": (rest) => rest.startsWith("\x02") && !rest.includes('"error"'),
  "application/proto": (rest) => rest === "",
};

type Done = (problem: string | undefined) => void;

/** Compares a response with the expected one as it arrives. */
class CheckedResponse implements Receiver {
  readonly #post: Post;
  readonly #done: Done;
  #status = 0;
  #receivedBytes = 0;
  #isEqual = true;
  /** What follows the messages. */
  #rest = "";
  #grpcStatus: string | null = null;

  constructor(post: Post, done: Done) {
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
 * Encodes a call for a transport. The returned function sends it and checks the response to the last byte; `done` is
 * called once, unless the call is cancelled, and without a problem when the response is right.
 */
export function prepareChecked(transport: Transport, post: Post): (done: Done) => Sending {
  const { path, fields, body } = post;
  const request = transport.prepare({ method: "POST", path, fields }, body);
  return (done) => request.send(new CheckedResponse(post, done));
}

import { fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from "@grpc/grpc-js";
import { change, count, echo, failure, readWish } from "./echo-schema.ts";

/** A server of grpc-js. */
export interface GrpcServer {
  readonly url: string;
  /** Cuts all connections, and listens no more. */
  close(): void;
}

/** The echo schema served by grpc-js. */
export async function serveGrpc(): Promise<GrpcServer> {
  // Its messages are 4 MB at most, otherwise.
  const server = new Server();
  server.addService(
    { echo: definitionOf(echo), change: definitionOf(change), count: definitionOf(count) },
    { echo: answerUnary, change: answerUnary, count: answerStream },
  );
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
    error ? reject(error) : resolve(port),
  );
  return { url: `http://127.0.0.1:${await promise}`, close: () => server.forceShutdown() };
}

function definitionOf(method: typeof echo | typeof count) {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    requestStream: false,
    responseStream: method.methodKind === "server_streaming",
    requestSerialize: (message: Message) => Buffer.from(toBinary(method.input, message)),
    requestDeserialize: (bytes: Buffer) => fromBinary(method.input, bytes),
    responseSerialize: (message: Message) => Buffer.from(toBinary(method.output, message)),
    responseDeserialize: (bytes: Buffer) => fromBinary(method.output, bytes),
  };
}

function failed() {
  const metadata = new Metadata();
  metadata.set("grpc-status-details-bin", Buffer.from([8, 9]));
  return { code: status.FAILED_PRECONDITION, details: failure, metadata };
}

function answerUnary(
  call: ServerUnaryCall<Message, Message>,
  callback: sendUnaryData<Message>,
): void {
  const { act, answer } = readWish(call.request);
  const header = new Metadata();
  header.set("heard", String(call.metadata.get("say")[0] ?? "nothing"));
  call.sendMetadata(header);
  if (act === "fail") {
    callback(failed());
  } else if (act !== "hang") {
    callback(null, answer);
  }
}

function answerStream(call: ServerWritableStream<Message, Message>): void {
  const { act, answer, count: messages = 0 } = readWish(call.request);
  for (let sent = 0; sent < messages; sent++) {
    call.write(answer);
  }
  if (act === "fail") {
    call.emit("error", failed());
  } else if (act !== "hang") {
    call.end();
  }
}

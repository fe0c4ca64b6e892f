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
import { loadFileDescriptorSetFromBuffer } from "@grpc/proto-loader";
import { ReflectionService } from "@grpc/reflection";
import { change, count, echo, failure, readWish } from "./echo-schema.ts";

/** A server of grpc-js on a free port. */
export interface GrpcServer {
  readonly url: string;
  /** Cuts all connections and stops listening. */
  close(): void;
}

/** Serves the echo schema by grpc-js. */
export async function serveGrpc(): Promise<GrpcServer> {
  // The default limits messages to 4 MB.
  const server = new Server();
  server.addService(
    { echo: definitionOf(echo), change: definitionOf(change), count: definitionOf(count) },
    { echo: answerUnary, change: answerUnary, count: answerStream },
  );
  return bind(server);
}

async function bind(server: Server): Promise<GrpcServer> {
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

/**
 * Serves nothing but reflection of a schema.
 *
 * @param descriptorSet bytes of a google.protobuf.FileDescriptorSet
 * @param versions versions of the reflection protocol; empty for a server without reflection
 */
export async function serveReflection(
  descriptorSet: Uint8Array,
  versions: readonly ("v1" | "v1alpha")[],
): Promise<GrpcServer> {
  const server = new Server();
  const reflection = new ReflectionService(
    loadFileDescriptorSetFromBuffer(Buffer.from(descriptorSet)),
  );
  reflection.addToServer({
    addService: (service, implementation) => {
      const [method] = Object.values(service);
      if (versions.some((version) => method?.path.startsWith(`/grpc.reflection.${version}.`))) {
        server.addService(service, implementation);
      }
    },
  });
  return bind(server);
}

/** grpc-js, the usual gRPC server on Node, with one RPC that does nothing. */
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { announce } from "../../harness/announce.ts";

const noMessage = Buffer.alloc(0);
const same = (bytes: Buffer) => bytes;

/** Serves VitalsService/Ping on a free port; its messages stay bytes, so that nothing is parsed. */
async function startGrpcJsServer(): Promise<string> {
  const server = new Server();
  server.addService(
    {
      ping: {
        path: "/unblock.v1.VitalsService/Ping",
        requestStream: false,
        responseStream: false,
        requestSerialize: same,
        requestDeserialize: same,
        responseSerialize: same,
        responseDeserialize: same,
      },
    },
    { ping: (_: unknown, done: (error: null, reply: Buffer) => void) => done(null, noMessage) },
  );
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
    error ? reject(error) : resolve(port),
  );
  return `http://127.0.0.1:${await promise}`;
}

announce(await startGrpcJsServer());

/** grpc-js, the usual gRPC server on Node, with one RPC that does nothing. */
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { announce } from "../../harness/serve.ts";

const noMessage = Buffer.alloc(0);
const same = (bytes: Buffer) => bytes;

const server = new Server();
// Messages stay bytes, so that nothing is parsed.
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
  { ping: (_: unknown, done: (error: null, response: Buffer) => void) => done(null, noMessage) },
);
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error) {
    throw error;
  }
  announce(`http://127.0.0.1:${port}`);
});

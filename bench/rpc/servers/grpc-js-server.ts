/** grpc-js with proto-loader, as most gRPC servers on Node are. */
import { fileURLToPath } from "node:url";
import { Server, ServerCredentials, type ServiceDefinition } from "@grpc/grpc-js";
import { load } from "@grpc/proto-loader";
import type { EchoRequest, EchoResponse } from "../../../gen/echo/v1/echo_pb.ts";
import { announceServer } from "./serve.ts";

type Fields = Pick<EchoRequest & EchoResponse, "text" | "number">;
type Reply = (error: null, fields: Fields) => void;

const definition = await load(
  fileURLToPath(new URL("../proto/echo/v1/echo.proto", import.meta.url)),
);
const service = definition["echo.v1.EchoService"] as ServiceDefinition;
const server = new Server();
server.addService(service, {
  echo: ({ request: { text, number } }: { request: Fields }, reply: Reply) =>
    reply(null, { text, number }),
});
const { promise, resolve, reject } = Promise.withResolvers<number>();
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
  error ? reject(error) : resolve(port),
);
announceServer(`http://127.0.0.1:${await promise}`);

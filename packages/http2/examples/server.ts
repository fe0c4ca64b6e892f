import { createServer } from "node:net";
import {
  createServerConnection,
  encodeHeaderBlock,
  type ServerConnection,
} from "../server/index.ts";

const header = encodeHeaderBlock([
  [":status", "200"],
  ["content-type", "text/plain"],
]);
const notFound = encodeHeaderBlock([[":status", "404"]]);
const trailer = encodeHeaderBlock([["x-checked", "yes"]]);
const nothing = new Uint8Array(0);

const connections = new Set<ServerConnection>();
const server = createServer({ noDelay: true }, (socket) => {
  const connection = createServerConnection(
    socket,
    { maxConcurrentStreams: 250 },
    (stream) => {
      if (stream.fields.path === "/echo") {
        // Unary: the whole request at once, the whole response at once.
        stream.collect({ onEnd: (_, body) => stream.respond(header, body, trailer) });
      } else if (stream.fields.path === "/upper") {
        // In parts: the peer sends on when a part is released.
        stream.sendHeader(header);
        stream.receive({
          onData: (_, chunk) => {
            stream.sendData(Buffer.from(chunk.toString().toUpperCase()));
            stream.release(chunk.length);
          },
          onEnd: () => stream.sendTrailer(trailer),
        });
      } else {
        stream.respond(notFound, nothing, nothing);
      }
    },
    { onClosed: () => connections.delete(connection) },
  );
  connections.add(connection);
});

server.listen(Number(process.env.PORT ?? 8080), () => console.log(server.address()));
process.once("SIGTERM", () => {
  server.close();
  for (const connection of connections) {
    connection.shutDown();
  }
});

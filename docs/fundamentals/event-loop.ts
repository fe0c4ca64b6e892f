import { once } from "node:events";
import { readFile } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";

const server = createServer().listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as AddressInfo;
const socket = connect(port, "127.0.0.1");
await once(socket, "connect");

readFile(import.meta.filename, () => {
  // The poll phase: a read has ended. Everything below is scheduled in one callback.
  setTimeout(() => console.log("4 timers: setTimeout(0)"), 0);
  socket.once("close", () => console.log("3 close:  the socket is closed"));
  socket.destroy();
  setImmediate(() => console.log("2 check:  setImmediate"));
  console.log("1 poll:   the callback of readFile, to its end");
  // After this nothing keeps the loop running, so the process exits.
  server.close();
});

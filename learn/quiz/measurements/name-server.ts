/** A name server of our own, in a thread of its own: it knows every name, and takes its time. */
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { parentPort } from "node:worker_threads";

const delayMs = 50;
const headerBytes = 12;
/** After the name: its type and its class. */
const questionEndBytes = 4;
/** A pointer to the name in the question, type A, class IN, a TTL of 0, and the four bytes of 127.0.0.1. */
const answer = Buffer.from([0xc0, headerBytes, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1]);

let inProgress = 0;
let mostInProgress = 0;
const socket = createSocket("udp4");
socket.on("message", (query, { port, address }) => {
  inProgress++;
  mostInProgress = Math.max(mostInProgress, inProgress);
  setTimeout(() => {
    inProgress--;
    socket.send(reply(query), port, address);
  }, delayMs);
});
socket.bind(0, "127.0.0.1");
await once(socket, "listening");
parentPort?.on("message", () => parentPort?.postMessage(mostInProgress));
parentPort?.postMessage(socket.address().port);

function reply(query: Buffer): Buffer {
  const nameEnd = query.indexOf(0, headerBytes) + 1;
  const header = Buffer.from(query.subarray(0, headerBytes));
  // A response, to a question that asked for recursion, with one answer and nothing more.
  header.writeUInt16BE(0x8180, 2);
  header.writeUInt16BE(1, 6);
  header.writeUInt32BE(0, 8);
  return Buffer.concat([header, query.subarray(headerBytes, nameEnd + questionEndBytes), answer]);
}

import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:http";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

/**
 * Starts a local server that takes its time, in a thread of its own.
 *
 * @param kind "names": a DNS server that resolves every name after 50 ms; "tokens": an HTTP server
 *   that streams 20 pieces of text in half a second, as a language model's API does
 */
export async function startSlowServer(kind: "names" | "tokens") {
  const counts = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  const thread = new Worker(new URL(import.meta.url), { workerData: { kind, counts } });
  const [port = 0]: number[] = await once(thread, "message");
  return {
    port,
    /** Maximum number of requests in progress at once so far. */
    maxAtOnce: () => Atomics.load(counts, maxAt),
    [Symbol.asyncDispose]: async () => {
      await thread.terminate();
    },
  };
}

/** Numbers that both threads see: requests in progress, and their maximum. */
const [nowAt, maxAt] = [0, 1] as const;

const lookupMs = 50;
const tokens = 20;
const tokenIntervalMs = 25;
const dnsHeaderBytes = 12;
/** Type and class, behind the name of a DNS question. */
const questionEndBytes = 4;
/** Pointer to the question's name, type A, class IN, TTL 0, and 4 bytes of address: 127.0.0.1. */
const dnsAnswer = Buffer.from([0xc0, dnsHeaderBytes, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1]);

/** @returns ends the request */
function begin(): () => void {
  const counts: Int32Array = workerData.counts;
  const now = Atomics.add(counts, nowAt, 1) + 1;
  Atomics.store(counts, maxAt, Math.max(now, Atomics.load(counts, maxAt)));
  return () => {
    Atomics.sub(counts, nowAt, 1);
  };
}

async function serveNames(): Promise<number> {
  const socket = createSocket("udp4");
  socket.on("message", (query, { port, address }) => {
    const end = begin();
    setTimeout(() => {
      end();
      socket.send(resolveName(query), port, address);
    }, lookupMs);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return socket.address().port;
}

function resolveName(query: Buffer): Buffer {
  const nameEnd = query.indexOf(0, dnsHeaderBytes) + 1;
  const header = Buffer.from(query.subarray(0, dnsHeaderBytes));
  // Flags of a response with recursion, then the counts: one answer and no other records.
  header.writeUInt16BE(0x8180, 2);
  header.writeUInt16BE(1, 6);
  header.writeUInt32BE(0, 8);
  const question = query.subarray(dnsHeaderBytes, nameEnd + questionEndBytes);
  return Buffer.concat([header, question, dnsAnswer]);
}

async function serveTokens(): Promise<number> {
  const server = createServer((_, response) => {
    const end = begin();
    response.writeHead(200, { "content-type": "text/event-stream" });
    let sent = 0;
    const timer = setInterval(() => {
      sent++;
      response.write(`data: token ${sent}\n\n`);
      if (sent === tokens) {
        response.end();
      }
    }, tokenIntervalMs);
    response.once("close", () => {
      end();
      clearInterval(timer);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

if (!isMainThread) {
  parentPort?.postMessage(await (workerData.kind === "names" ? serveNames() : serveTokens()));
}

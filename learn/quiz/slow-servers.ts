import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:http";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

/** A local server in a thread of its own. */
export interface SlowServer extends AsyncDisposable {
  readonly port: number;
  /** Maximum number of requests in progress at once so far. */
  maxAtOnce(): Promise<number>;
}

/**
 * Starts a server that takes its time.
 *
 * @param kind "names": a DNS server that resolves every name after 50 ms; "tokens": an HTTP server
 *   that streams 20 pieces of text in half a second, as a language model's API does
 */
export async function startSlowServer(kind: "names" | "tokens"): Promise<SlowServer> {
  const thread = new Worker(new URL(import.meta.url), { workerData: kind });
  const [port = 0]: number[] = await once(thread, "message");
  return {
    port,
    maxAtOnce: async () => {
      thread.postMessage("max at once");
      const [max = 0]: number[] = await once(thread, "message");
      return max;
    },
    [Symbol.asyncDispose]: async () => {
      await thread.terminate();
    },
  };
}

const lookupMs = 50;
const tokens = 20;
const tokenIntervalMs = 25;
const dnsHeaderBytes = 12;
/** Type and class, behind the name of a DNS question. */
const questionEndBytes = 4;
/** Pointer to the question's name, type A, class IN, TTL 0, and 4 bytes of address: 127.0.0.1. */
const dnsAnswer = Buffer.from([0xc0, dnsHeaderBytes, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4, 127, 0, 0, 1]);

let inProgress = 0;
let maxInProgress = 0;

function begin(): void {
  inProgress++;
  maxInProgress = Math.max(maxInProgress, inProgress);
}

async function serveNames(): Promise<number> {
  const socket = createSocket("udp4");
  socket.on("message", (query, { port, address }) => {
    begin();
    setTimeout(() => {
      inProgress--;
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
    begin();
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
      inProgress--;
      clearInterval(timer);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

if (!isMainThread) {
  parentPort?.on("message", () => parentPort?.postMessage(maxInProgress));
  parentPort?.postMessage(await (workerData === "names" ? serveNames() : serveTokens()));
}

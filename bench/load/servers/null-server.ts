/**
 * Null servers: as little as a gRPC server on Node can do. Their throughput is the most that a load client can show
 * of itself. The argument names the one to start; by default it is on node:http2 alone.
 */
import { createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import { parseArgs, promisify } from "node:util";
import { announce, listenLocally, serveFrames } from "../../harness/serve.ts";

/** An empty message in gRPC's envelope: no flags, length 0. */
const emptyMessage = Buffer.alloc(5);

/**
 * A gRPC server that is node:http2 alone, over h2c on a free port. It serves any path and any request.
 *
 * @param onRequest called at the end of each request; must respond
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export async function serveGrpc(
  onRequest: (stream: ServerHttp2Stream) => void,
): Promise<{ url: string; server: Http2Server }> {
  const server = createServer();
  server.on("session", (session) =>
    session.on("stream", (stream) => {
      // Clients that disconnect do not matter here.
      stream.on("error", () => {});
      stream.on("end", () => onRequest(stream));
      stream.resume();
    }),
  );
  return { url: await listenLocally(server), server };
}

/** Responds with an empty message and status 0. */
export function respond(stream: ServerHttp2Stream): void {
  if (stream.destroyed) {
    return;
  }
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.respond(
    { ":status": 200, "content-type": "application/grpc+proto" },
    { waitForTrailers: true },
  );
  stream.end(emptyMessage);
}

/** Timers have a resolution of 1 ms and may fire 2 ms early or late; the rest is polled for. */
const timerStepMs = 2;

/**
 * Responds to each call after a delay, never earlier: timers may fire early, and the ideal that is computed
 * from the delay would be wrong.
 */
function respondAfter(delayMs: number): (stream: ServerHttp2Stream) => void {
  // In order of arrival, which is the order in which they are due.
  const waiting: { readonly stream: ServerHttp2Stream; readonly dueMs: number }[] = [];
  let isScheduled = false;

  const schedule = () => {
    const [first] = waiting;
    isScheduled = first !== undefined;
    if (first) {
      const leftMs = first.dueMs - performance.now();
      if (leftMs > timerStepMs) {
        setTimeout(respondDue, leftMs - timerStepMs);
      } else {
        setImmediate(respondDue);
      }
    }
  };
  const respondDue = () => {
    const nowMs = performance.now();
    const later = waiting.findIndex(({ dueMs }) => dueMs > nowMs);
    for (const { stream } of waiting.splice(0, later === -1 ? waiting.length : later)) {
      respond(stream);
    }
    schedule();
  };
  return (stream) => {
    waiting.push({ stream, dueMs: performance.now() + delayMs });
    if (!isScheduled) {
      schedule();
    }
  };
}

/** @param delayMs least duration of each call; 0 responds at once */
export function startNullServer(delayMs: number): Promise<{ url: string; server: Http2Server }> {
  return serveGrpc(delayMs === 0 ? respond : respondAfter(delayMs));
}

/** On grpc-js, the usual gRPC server on Node. */
async function startGrpcJs(): Promise<string> {
  const { Server, ServerCredentials } = await import("@grpc/grpc-js");
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
  const bind = promisify(server.bindAsync.bind(server));
  return `http://127.0.0.1:${await bind("127.0.0.1:0", ServerCredentials.createInsecure())}`;
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    options: { delay: { type: "string", default: "0" } },
    allowPositionals: true,
  });
  const [name] = positionals;
  if (name === "frames") {
    // Nothing but frames, so that a client's own limit shows: the message comes in gRPC's envelope, and leaves in it.
    announce(await serveFrames((body) => body));
  } else if (name === "grpc-js") {
    announce(await startGrpcJs());
  } else {
    announce((await startNullServer(Number(values.delay))).url);
  }
}

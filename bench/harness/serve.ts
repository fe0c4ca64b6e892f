import { once } from "node:events";
import { createServer, type Server } from "node:net";
import type { StreamReceiver } from "@unblock/http2/server";
import { processCpuMs } from "@unblock/measure/clock";
import { idsIn } from "@unblock/measure/proc";

/** Listens on a free port of 127.0.0.1. Returns the URL. */
export async function listenLocally(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new Error(`Expected a port of 127.0.0.1 to listen on, got ${address}`);
  }
  return `http://127.0.0.1:${address.port}`;
}

/** Serves gRPC on this project's HTTP/2 alone: any path. @param respond gets and returns messages in their envelopes */
export async function serveFrames(respond: (body: Buffer) => Uint8Array): Promise<string> {
  const { createServerConnection, encodeHeaderBlock } = await import("@unblock/http2/server");
  const header = encodeHeaderBlock([
    [":status", "200"],
    ["content-type", "application/grpc+proto"],
  ]);
  const trailer = encodeHeaderBlock([["grpc-status", "0"]]);
  const receiver: StreamReceiver = {
    onEnd: (stream, body) => stream.respond(header, respond(body), trailer),
  };
  const server = createServer({ noDelay: true }, (socket) => {
    createServerConnection(socket, {}, (stream) => stream.collect(receiver));
  });
  return listenLocally(server);
}

/** A new certificate for 127.0.0.1, signed by itself. Certificate and key are PEM text. */
export async function createCertificate(): Promise<{ cert: string; key: string }> {
  // Servers without TLS should not hold the memory of this package.
  const { generate } = await import("selfsigned");
  const made = await generate([{ name: "commonName", value: "localhost" }], {
    keyType: "ec",
    algorithm: "sha256",
  });
  return { cert: made.cert, key: made.private };
}

/**
 * Sends the URL to the parent process, answers its questions and exits with it. Without a parent that listens,
 * prints the URL. Its CPU time and, with --expose-gc, what it holds can be asked of each server.
 *
 * @param more further values by question
 */
export function announce(url: string, more: Readonly<Record<string, () => unknown>> = {}): void {
  if (process.send === undefined) {
    process.stdout.write(`${url}\n`);
    return;
  }
  const values: typeof more = { cpuMs: processCpuMs, resources: readResources, ...more };
  process.send({ url });
  process.on("message", (question: string) => process.send?.(values[question]?.()));
  process.once("disconnect", () => process.exit());
}

/** What a server holds, after a collection of garbage. */
export interface Resources {
  readonly heapBytes: number;
  /** Memory of buffers and of objects of C++, which is not in the heap. */
  readonly externalBytes: number;
  readonly residentBytes: number;
  /** undefined where the system does not say; so are `threads`. */
  readonly descriptors: number | undefined;
  readonly threads: number | undefined;
}

function readResources(): Resources {
  // The second collection frees what finalizers released in the first.
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  return {
    heapBytes: heapUsed,
    externalBytes: external,
    residentBytes: rss,
    descriptors: countOf("/proc/self/fd"),
    threads: countOf("/proc/self/task"),
  };
}

function countOf(folder: string): number | undefined {
  const { length } = idsIn(folder);
  return length === 0 ? undefined : length;
}

import { execFile } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import {
  type ClientHttp2Session,
  connect,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";
import { createServer } from "node:net";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { createServer as createTlsServer } from "node:tls";
import { promisify } from "node:util";
import * as grpc from "@grpc/grpc-js";
import { createCertificates } from "@unblock/test/certificates";
import { temporaryFolder } from "@unblock/test/folder";
import { listen } from "@unblock/test/listen";
import { hasProgram } from "@unblock/test/programs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { closeLater } from "../testing/close-later.ts";
import { echo, serve, trailer } from "../testing/server.ts";
import { createServerConnection, encodeHeaderBlock, type OnStream } from "./index.ts";

const run = promisify(execFile);

function open(url: string, options: Parameters<typeof connect>[1] = {}): ClientHttp2Session {
  const session = connect(url, options);
  closeLater(() => session.destroy());
  return session;
}

interface Reply {
  readonly header: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly trailers: IncomingHttpHeaders;
}

async function call(
  session: ClientHttp2Session,
  headers: OutgoingHttpHeaders,
  body: Uint8Array,
): Promise<Reply> {
  const stream = session.request({ ":method": "POST", ...headers });
  let header: IncomingHttpHeaders = {};
  let trailers: IncomingHttpHeaders = {};
  stream.on("response", (fields) => {
    header = fields;
  });
  stream.on("trailers", (fields) => {
    trailers = fields;
  });
  stream.end(body);
  return { body: await buffer(stream), header, trailers };
}

describe("node:http2's client", () => {
  test("makes calls at once, with bodies of all sizes", async () => {
    const { url } = await serve(echo);
    const session = open(url);
    const sizes = [0, 1, 100, 16_384, 16_385, 65_535, 300_000, 1_048_576, 4_000_000];
    const replies = await Promise.all(
      sizes.map((size) => call(session, { ":path": "/a.B/C" }, Buffer.alloc(size, size % 251))),
    );
    sizes.forEach((size, at) => {
      expect(replies[at]?.body.equals(Buffer.alloc(size, size % 251))).toBe(true);
      expect(replies[at]?.header[":status"]).toBe(200);
      expect(replies[at]?.trailers["grpc-status"]).toBe("0");
    });
  });

  test("is understood whatever fields it sends, over one connection", async () => {
    const { url } = await serve((stream) => {
      const fields = stream.fields.list.map(({ name, value }) => [name, value]);
      const body = Buffer.from(JSON.stringify(fields));
      stream.respond(encodeHeaderBlock([[":status", "200"]]), body, trailer);
    });
    const session = open(url);
    const name = fc
      .string({ unit: fc.constantFrom(..."abcdefgh"), minLength: 1, maxLength: 6 })
      .map((text) => `x-${text}`);
    const value = fc
      .string({ unit: fc.constantFrom(..."abAB019-/=;,~ %\u00e9"), maxLength: 200 })
      .map((text) => `v${text}v`);
    const headers = fc.dictionary(name, value, { maxKeys: 12 });
    await fc.assert(
      fc.asyncProperty(headers, async (fields) => {
        const { body } = await call(session, fields, Buffer.alloc(0));
        const received: [string, string][] = JSON.parse(body.toString());
        const others = received.filter(([key]) => key.startsWith("x-"));
        expect(Object.fromEntries(others)).toEqual({ ...fields });
      }),
      { numRuns: 200 },
    );
  });

  test("with a table of any size understands the responses", async () => {
    const { url } = await serve(echo);
    for (const headerTableSize of [0, 100, 4_096, 65_536]) {
      const session = open(url, { settings: { headerTableSize } });
      for (let n = 0; n < 3; n++) {
        expect((await call(session, {}, Buffer.from("x"))).body.toString()).toBe("x");
      }
      session.settings({ headerTableSize: 50 });
      await once(session, "localSettings");
      expect((await call(session, {}, Buffer.from("y"))).body.toString()).toBe("y");
    }
  });

  test("closes its session after a graceful shutdown, with its calls complete", async () => {
    const { url, accepted } = await serve((stream) =>
      stream.collect({
        onEnd: (_, body) =>
          setTimeout(
            () => stream.respond(encodeHeaderBlock([[":status", "200"]]), body, trailer),
            50,
          ),
      }),
    );
    const session = open(url);
    const closed = once(session, "close");
    const replies = Promise.all([1, 2, 3].map(() => call(session, {}, Buffer.from("x"))));
    await once(session, "remoteSettings");
    await new Promise((resolve) => setTimeout(resolve, 20));
    accepted[0]?.shutDown();
    expect((await replies).map(({ body }) => body.toString())).toEqual(["x", "x", "x"]);
    await closed;
  });
});

/** Serves on other sockets than TCP. */
function onSecureSocket(onStream: OnStream, cert: string, key: string) {
  return createTlsServer({ cert, key, ALPNProtocols: ["h2"] }, (socket) => {
    createServerConnection(socket, {}, onStream);
  });
}

test("serves TLS with ALPN", async () => {
  const { ca, server } = await createCertificates();
  const endpoint = await listen(onSecureSocket(echo, server.cert, server.key), { scheme: "https" });
  closeLater(() => endpoint.close());
  const session = open(endpoint.url, { ca: ca.cert });
  const body = Buffer.alloc(500_000, "t");
  expect((await call(session, {}, body)).body.equals(body)).toBe(true);
  if (hasProgram("curl")) {
    const folder = temporaryFolder();
    const caFile = join(folder, "ca.pem");
    writeFileSync(caFile, ca.cert);
    const args = ["-sS", "--cacert", caFile, "-w", " %{http_version}", "-d", "hello", endpoint.url];
    expect((await run("curl", args)).stdout).toBe("hello 2");
  }
});

test("serves a unix socket", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "socket");
  const server = createServer((socket) => createServerConnection(socket, {}, echo));
  server.listen(path);
  await once(server, "listening");
  const { createConnection } = await import("node:net");
  const session = open("http://localhost", { createConnection: () => createConnection(path) });
  expect((await call(session, {}, Buffer.from("unix"))).body.toString()).toBe("unix");
  session.destroy();
  server.close();
});

test("grpc-js calls it, unary and streaming, and cancels", async () => {
  const aborts: number[] = [];
  const header = encodeHeaderBlock([
    [":status", "200"],
    ["content-type", "application/grpc"],
  ]);
  const { port } = await serve((stream) => {
    const { path } = stream.fields;
    if (path.startsWith("/Test/Stream")) {
      stream.sendHeader(header);
      stream.receive({
        onData: (_, chunk) => {
          stream.sendData(Buffer.from(chunk));
          stream.release(chunk.length);
        },
        // Node's client ends a stream before it resets it.
        onEnd: () => path.endsWith("Endless") || stream.sendTrailer(trailer),
        onAbort: (_, code) => aborts.push(code),
      });
    } else {
      stream.collect({ onEnd: (_, body) => stream.respond(header, body, trailer) });
    }
  });
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  closeLater(() => client.close());
  const same = (bytes: Buffer) => bytes;
  const response = await new Promise((resolve, reject) => {
    client.makeUnaryRequest("/Test/Unary", same, same, Buffer.from("hello"), (error, value) =>
      error === null ? resolve(value) : reject(error),
    );
  });
  expect(String(response)).toBe("hello");
  const bidi = client.makeBidiStreamRequest("/Test/Stream", same, same);
  bidi.on("error", () => {});
  const messages: string[] = [];
  bidi.on("data", (message: Buffer) => messages.push(String(message)));
  for (const text of ["a", "b", "c"]) {
    bidi.write(Buffer.from(text));
  }
  bidi.end();
  await once(bidi, "end");
  expect(messages).toEqual(["a", "b", "c"]);
  const cancelled = client.makeBidiStreamRequest("/Test/StreamEndless", same, same);
  cancelled.on("error", () => {});
  cancelled.write(Buffer.from("x"));
  await once(cancelled, "data");
  cancelled.cancel();
  await expect.poll(() => aborts).toEqual([8]);
});

test.skipIf(!hasProgram("curl"))("curl posts a file over h2c", async () => {
  const { url } = await serve(echo);
  const folder = temporaryFolder();
  const file = join(folder, "body");
  writeFileSync(file, Buffer.alloc(2_000_000, "curl"));
  const args = ["-sS", "--http2-prior-knowledge", "--data-binary", `@${file}`, `${url}/a`];
  const { stdout } = await run("curl", args, { maxBuffer: 4_000_000 });
  expect(stdout).toBe("curl".repeat(500_000));
});

test.skipIf(!hasProgram("nghttp"))(
  "nghttp posts, with padding, priorities and CONTINUATION",
  async () => {
    // Its test header is larger than the default allows.
    const { url } = await serve(echo, { maxHeaderBytes: 64 * 1_024 });
    const folder = temporaryFolder();
    const file = join(folder, "body");
    writeFileSync(file, "nghttp".repeat(1_000));
    const args = ["--no-verify-peer", "-b", "200", "--continuation", "-d", file, `${url}/a`];
    const { stdout } = await run("nghttp", args);
    expect(stdout.trim()).toBe("nghttp".repeat(1_000));
  },
);

test.skipIf(!hasProgram("h2load"))("h2load has all of its calls served", async () => {
  const { url } = await serve(echo);
  const { stdout } = await run("h2load", ["-n", "5000", "-c", "5", "-m", "50", `${url}/a`]);
  expect(stdout).toContain("5000 succeeded, 0 failed, 0 errored, 0 timeout");
});

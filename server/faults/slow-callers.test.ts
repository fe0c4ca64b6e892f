import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { createCertificates } from "@unblock/test/certificates";
import { callGrpc } from "@unblock/test/wire";
import { expect, test, vi } from "vitest";
import { type ImpatientServer, impatientServers } from "../testing/impatient-server.ts";

const waitOptions = { timeout: 20_000, interval: 20 };
const idealMs = 200;
/** Much shorter than the poll interval of any limit. */
const dripMs = 20;
const mebibyte = 1024 * 1024;

const start = impatientServers();

/** A client on a bare socket. */
class Caller {
  readonly socket: Socket;
  received = "";
  dripped = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on("error", () => {});
    socket.on("data", (data) => {
      this.received += data.toString("latin1");
    });
  }

  static dial({ port }: ImpatientServer): Caller {
    return new Caller(connect(port, "127.0.0.1"));
  }

  /** Sends one byte at a time until the server closes the connection. */
  drip(): this {
    const timer = setInterval(() => {
      this.socket.write("x");
      this.dripped++;
    }, dripMs);
    this.socket.once("close", () => clearInterval(timer));
    return this;
  }

  say(text: string): this {
    this.socket.write(text, "latin1");
    return this;
  }

  /** Asserts that the server destroys the connection. */
  async assertCut(server: ImpatientServer): Promise<void> {
    await vi.waitUntil(() => this.socket.closed, waitOptions);
    await vi.waitUntil(() => server.holds().connections === 0, waitOptions);
  }
}

async function assertServes({ url }: ImpatientServer): Promise<void> {
  const ping = await callGrpc(url, "/unblock.v1.VitalsService/Ping", Buffer.alloc(0));
  expect(ping).toMatchObject({ grpcStatus: "0" });
}

const length = (bytes: number) => `content-length: ${bytes}`;
const head = (framing: string) =>
  [
    "POST /unblock.v1.ExercisesService/ComputeHash HTTP/1.1",
    "host: x",
    "content-type: application/json",
    framing,
    "\r\n",
  ].join("\r\n");

test.each([
  ["nothing", ""],
  ["half of the HTTP/2 preface", "PRI * HTTP/2.0\r\n"],
])("destroys the connection of a client that sends %s", async (_, text) => {
  const server = await start({ timeLimits: { firstByteMs: 500 } });
  const caller = Caller.dial(server).say(text);
  await caller.assertCut(server);
  expect(caller.received).toBe("");
  await assertServes(server);
});

test.each([
  ["half a header", "POST /x HTTP/1.1\r\nhost:"],
  ["only a header", head(length(10))],
  ["half a body", `${head(length(10))}{"da`],
  ["half a chunk", `${head("transfer-encoding: chunked")}ff\r\n{"da`],
])("responds to a client that sends %s, and destroys its connection", async (_, text) => {
  const server = await start({ timeLimits: { headerMs: idealMs, requestMs: idealMs } });
  const caller = Caller.dial(server).say(text);
  await caller.assertCut(server);
  expect(caller.received).toMatch(/^HTTP\/1\.1 408 /);
  await assertServes(server);
});

test.each([
  ["a header", "POST /x HTTP/1.1\r\nhost: "],
  ["a body", head(length(mebibyte / 4))],
])("destroys the connection of a client that drips %s", async (_, text) => {
  const server = await start({ timeLimits: { headerMs: idealMs, requestMs: idealMs } });
  const caller = Caller.dial(server).say(text).drip();
  await caller.assertCut(server);
  expect(caller.dripped).toBeGreaterThan(0);
  expect(caller.received).toMatch(/^HTTP\/1\.1 408 /);
  await assertServes(server);
});

test("destroys the connection of a client that drips a rejected message", async () => {
  const server = await start({ timeLimits: { headerMs: idealMs, requestMs: idealMs } });
  const caller = Caller.dial(server)
    .say(head(length(8 * mebibyte)))
    .drip();
  await caller.assertCut(server);
  expect(caller.received).toMatch(/^HTTP\/1\.1 429 /);
  await assertServes(server);
});

test.each([
  ["nothing", ""],
  // The start of a record that announces 512 bytes of a handshake.
  ["half of a TLS handshake", "\x16\x03\x01\x02\x00\x01"],
])("destroys the TLS connection of a client that sends %s", async (_, text) => {
  const { server: tls } = await createCertificates();
  const server = await start({ timeLimits: { firstByteMs: idealMs }, tls });
  const caller = Caller.dial(server).say(text);
  await caller.assertCut(server);
  expect(caller.received).toBe("");
});

test("destroys the TLS connection of a client that sends only a header", async () => {
  const { server: tls, ca } = await createCertificates();
  const server = await start({ timeLimits: { headerMs: idealMs, requestMs: idealMs }, tls });
  const options = { port: server.port, host: "127.0.0.1", ca: ca.cert };
  const caller = new Caller(connectTls({ ...options, ALPNProtocols: ["http/1.1"] })).say(
    head(length(10)),
  );
  await caller.assertCut(server);
  expect(caller.received).toMatch(/^HTTP\/1\.1 408 /);
});

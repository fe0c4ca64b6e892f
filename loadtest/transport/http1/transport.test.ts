import { createServer, type RequestListener } from "node:http";
import { createServer as createTcpServer, type Socket } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { freePort, listen, type TestEndpoint } from "../../../testing/listen.ts";
import type { Fields, Receiver, Sending, Transport, TransportFailure } from "../transport.ts";
import { createHttp1Transport } from "./transport.ts";

/** What a receiver was told, in order. */
class Recorded implements Receiver {
  readonly told: string[] = [];
  failure: TransportFailure | undefined;
  fields: Fields | undefined;
  body = "";
  readonly #ended = Promise.withResolvers<void>();
  readonly #headed = Promise.withResolvers<void>();

  get ended(): Promise<void> {
    return this.#ended.promise;
  }
  get headed(): Promise<void> {
    return this.#headed.promise;
  }
  head(status: number, fields: Fields): void {
    this.told.push(`head ${status}`);
    this.fields = fields;
    this.#headed.resolve();
  }
  data(chunk: Buffer): void {
    this.body += chunk;
  }
  trailers(fields: Fields): void {
    this.told.push(`trailers ${fields.get("grpc-status")}`);
  }
  end(): void {
    this.told.push("end");
    this.#ended.resolve();
  }
  fail(failure: TransportFailure): void {
    this.told.push(`fail ${failure.code}`);
    this.failure = failure;
    this.#ended.resolve();
  }
}

const endpoints: TestEndpoint[] = [];
const transports: Transport[] = [];
afterEach(async () => {
  for (const transport of transports.splice(0)) {
    transport.close();
  }
  await Promise.all(endpoints.splice(0).map((endpoint) => endpoint.close()));
});

async function serve(onRequest: RequestListener, port = 0): Promise<TestEndpoint> {
  const endpoint = await listen(createServer(onRequest), { port });
  endpoints.push(endpoint);
  return endpoint;
}

async function serveRaw(onSocket: (socket: Socket) => void): Promise<TestEndpoint> {
  const endpoint = await listen(createTcpServer(onSocket));
  endpoints.push(endpoint);
  return endpoint;
}

function open(url: string, connections = 1): Transport {
  const transport = createHttp1Transport({
    url: new URL(url),
    connections,
    tls: { insecure: false },
  });
  transports.push(transport);
  return transport;
}

function send(transport: Transport, path = "/", body = "hi"): Recorded & { sending: Sending } {
  const receiver = new Recorded();
  const request = transport.prepare(
    { method: "POST", path, fields: { "x-team": "A" } },
    Buffer.from(body),
  );
  return Object.assign(receiver, { sending: request.send(receiver) });
}

describe("an HTTP/1.1 transport", () => {
  test("opens all its connections, and reuses them", async () => {
    const server = await serve((request, response) => {
      response.end(`${request.method} ${request.url} ${request.headers["x-team"]}`);
    });
    const transport = open(server.url, 3);
    await transport.connect();
    const connections = new Set<number>();
    for (let call = 0; call < 9; call++) {
      const answered = send(transport, `/${call}`);
      await answered.ended;
      expect(answered.told).toEqual(["head 200", "end"]);
      expect(answered.body).toBe(`POST /${call} A`);
      connections.add(answered.sending.connection);
    }
    expect(connections).toEqual(new Set([0, 1, 2]));
    expect(server.connections()).toBe(3);
  });

  test("opens them with the first calls, when it was not asked before", async () => {
    const server = await serve((_, response) => response.end("hello"));
    const transport = open(server.url, 5);
    const calls = [send(transport), send(transport)];
    await Promise.all(calls.map(({ ended }) => ended));
    expect(calls.map(({ body }) => body)).toEqual(["hello", "hello"]);
    expect(server.connections()).toBe(2);
  });

  test("has one call a connection at a time; the others wait in order", async () => {
    const paths: string[] = [];
    let inProgress = 0;
    let most = 0;
    const server = await serve((request, response) => {
      paths.push(request.url ?? "");
      most = Math.max(most, ++inProgress);
      setTimeout(() => {
        inProgress--;
        response.end();
      }, 5);
    });
    const transport = open(server.url, 2);
    await transport.connect();
    const calls = Array.from({ length: 10 }, (_, call) => send(transport, `/${call}`));
    expect(calls.map(({ sending }) => sending.connection)).toEqual([0, 1, ...Array(8).fill(-1)]);
    // A request is written a microtask after it was sent.
    await Promise.resolve();
    expect(calls.map(({ sending }) => sending.writtenMs > 0)).toEqual([
      true,
      true,
      ...Array(8).fill(false),
    ]);
    await Promise.all(calls.map(({ ended }) => ended));
    expect(most).toBe(2);
    // The first two start on two connections, which may be read in any order.
    expect(paths.slice(2).map((path) => Number(path.slice(1)) >= 2)).toEqual(Array(8).fill(true));
    const written = calls.map(({ sending }) => sending.writtenMs);
    expect(written).toEqual(written.toSorted((a, b) => a - b));
  });

  test("tells head, body and trailers", async () => {
    const server = await serve((_, response) => {
      response.writeHead(201, { trailer: "grpc-status", "x-many": ["a", "b"] });
      response.write("one ");
      response.addTrailers({ "grpc-status": "7" });
      response.end("two");
    });
    const answered = send(open(server.url));
    await answered.ended;
    expect(answered.told).toEqual(["head 201", "trailers 7", "end"]);
    expect(answered.body).toBe("one two");
    expect(answered.fields?.get("x-many")).toBe("a, b");
    expect(answered.fields?.get("x-none")).toBe(null);
  });

  test("makes connections again that the server closes after each answer", async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { connection: "close" });
      response.end("hello");
    });
    const transport = open(server.url, 2);
    const calls = Array.from({ length: 6 }, () => send(transport));
    await Promise.all(calls.map(({ ended }) => ended));
    expect(calls.map(({ body }) => body)).toEqual(Array(6).fill("hello"));
    expect(server.connections()).toBe(6);
  });

  test("makes connections again that the server closed while they were idle", async () => {
    const server = await serve((_, response) => response.end("hello"));
    const transport = open(server.url, 2);
    await transport.connect();
    await send(transport).ended;
    server.cut();
    // The ends of the connections arrive with the next turns of the loop.
    const calls: Recorded[] = [];
    do {
      const call = send(transport);
      await call.ended;
      calls.push(call);
    } while (calls.at(-1)?.failure !== undefined);
    expect(calls.at(-1)?.body).toBe("hello");
    // Each of the two can at most be found dead once.
    expect(calls.length).toBeLessThanOrEqual(3);
    expect(calls.slice(0, -1).every(({ failure }) => failure?.code === "unavailable")).toBe(true);
  });

  test("ends every call, though the server closes connections behind its answers", async () => {
    const server = await serveRaw((socket) => {
      socket.on("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"));
    });
    const transport = open(server.url, 2);
    const codes: string[] = [];
    for (let call = 0; call < 100; call++) {
      const calls = [send(transport), send(transport)];
      await Promise.all(calls.map(({ ended }) => ended));
      codes.push(...calls.map(({ failure }) => failure?.code ?? "ok"));
    }
    expect(codes).toHaveLength(200);
    expect(new Set(codes).has("ok")).toBe(true);
    expect(codes.filter((code) => code !== "ok" && code !== "unavailable")).toEqual([]);
  });

  test("does not send a call twice when its connection is cut", async () => {
    let requests = 0;
    const server = await serve((request) => {
      requests++;
      request.socket.destroy();
    });
    const transport = open(server.url);
    await transport.connect();
    const failed = send(transport);
    await failed.ended;
    expect(failed.failure).toEqual({
      code: "unavailable",
      message: "The server closed the connection before it answered",
    });
    expect(failed.told).toEqual(["fail unavailable"]);
    expect(requests).toBe(1);
  });

  test("says when a response breaks off", async () => {
    const server = await serve((request, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("half", () => request.socket.destroy());
    });
    const failed = send(open(server.url));
    await failed.ended;
    expect(failed.told).toEqual(["head 200", "fail unavailable"]);
    expect(failed.failure?.message).toBe("The connection broke off in the middle of the response");
  });

  test.each([
    ["SSH-2.0-OpenSSH\r\n", "Expected HTTP/, RTSP/ or ICE/); if it speaks HTTP/2 alone: --http 2"],
    ["HTTP/1.1 abc OK\r\n\r\n", "Invalid status code)"],
    [
      "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
      "Invalid character in chunk size)",
    ],
    ["HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n", "Invalid character in Content-Length)"],
  ])("does not take %j for an answer", async (answer, reason) => {
    const server = await serveRaw((socket) => {
      socket.on("data", () => socket.write(answer));
    });
    const failed = send(open(server.url));
    await failed.ended;
    expect(failed.told.at(-1)).toBe("fail internal");
    expect(failed.failure?.message).toBe(
      `Expected an HTTP/1.1 response, got something else (${reason}`,
    );
  });

  test("is not held up by a server that changes the protocol", async () => {
    const server = await serveRaw((socket) => {
      socket.on("data", () =>
        socket.write(
          "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        ),
      );
    });
    const failed = send(open(server.url));
    await failed.ended;
    expect(failed.told).toEqual(["fail unavailable"]);
  });
});

describe("a call that is given up", () => {
  test("hears no more, and its connection is made again", async () => {
    const server = await serve((request, response) => {
      if (request.url !== "/hang") {
        response.end("hello");
      } else {
        response.write("begun");
      }
    });
    const transport = open(server.url);
    const hung = send(transport, "/hang");
    await hung.headed;
    const next = send(transport, "/next");
    hung.sending.cancel();
    await next.ended;
    expect(next.body).toBe("hello");
    expect(hung.told).toEqual(["head 200"]);
    expect(server.connections()).toBe(2);
  });

  test("is never sent when it still waits", async () => {
    const paths: (string | undefined)[] = [];
    const server = await serve((request, response) => {
      paths.push(request.url);
      response.end();
    });
    const transport = open(server.url);
    const first = send(transport, "/first");
    const second = send(transport, "/second");
    const third = send(transport, "/third");
    second.sending.cancel();
    await Promise.all([first.ended, third.ended]);
    expect(paths).toEqual(["/first", "/third"]);
    expect(second.told).toEqual([]);
  });
});

describe("a server that can't be reached", () => {
  test("is told by connect, with the reason", async () => {
    const port = await freePort();
    await expect(open(`http://127.0.0.1:${port}`, 2).connect()).rejects.toThrow(
      `No connection to http://127.0.0.1:${port}: nothing listens there; is the server running? (ECONNREFUSED)`,
    );
    await expect(open("http://nowhere.invalid").connect()).rejects.toThrow(
      /^No connection to http:\/\/nowhere.invalid: /,
    );
  });

  test("fails all calls that wait, and is not asked again and again", async () => {
    const port = await freePort();
    const transport = open(`http://127.0.0.1:${port}`, 2);
    await expect(transport.connect()).rejects.toThrow("ECONNREFUSED");
    // A loop that sends again at once must not spin: each round waits for the next attempt.
    let rounds = 0;
    const timer = setTimeout(() => transport.close(), 450);
    for (;;) {
      const calls = [send(transport), send(transport), send(transport)];
      await Promise.all(calls.map(({ ended }) => ended));
      const codes = new Set(calls.map(({ failure }) => failure?.code));
      if (codes.has("canceled")) {
        break;
      }
      rounds++;
      expect(codes).toEqual(new Set(["unavailable"]));
    }
    clearTimeout(timer);
    // After pauses of 0, 100, 200 and 400 ms, more or less; a slow machine has fewer. Without them
    // there would be hundreds.
    expect(rounds).toBeLessThan(8);
  });

  test("is found again when it is back", async () => {
    const port = await freePort();
    const transport = open(`http://127.0.0.1:${port}`);
    await expect(transport.connect()).rejects.toThrow("ECONNREFUSED");
    const waiting = send(transport);
    await serve((_, response) => response.end("back"), port);
    await waiting.ended;
    expect(waiting.body).toBe("back");
  });

  test("does not make those spin whose connections it closes unanswered", async () => {
    const server = await serveRaw((socket) => socket.destroy());
    const transport = open(server.url);
    const timer = setTimeout(() => transport.close(), 300);
    const codes: (string | undefined)[] = [];
    do {
      const call = send(transport);
      await call.ended;
      codes.push(call.failure?.code);
    } while (codes.at(-1) !== "canceled");
    clearTimeout(timer);
    expect(codes[0]).toBe("unavailable");
    expect(server.connections()).toBeLessThan(6);
  });
});

describe("close", () => {
  test("fails what is in progress and what waits, and later calls", async () => {
    const server = await serve(() => {});
    const transport = open(server.url);
    await transport.connect();
    const calls = [send(transport), send(transport)];
    transport.close();
    calls.push(send(transport));
    await Promise.all(calls.map(({ ended }) => ended));
    expect(calls.map(({ told }) => told)).toEqual(Array(3).fill(["fail canceled"]));
    expect(calls[0]?.failure?.message).toBe("The load client closed its connections");
  });

  test("ends a connect that is under way", async () => {
    const server = await serve(() => {});
    const transport = open(server.url);
    const connecting = transport.connect();
    transport.close();
    await expect(connecting).rejects.toThrow("The load client closed its connections");
  });
});

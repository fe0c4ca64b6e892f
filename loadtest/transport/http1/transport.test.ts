import { createServer, type RequestListener } from "node:http";
import { closedByClient, type Transport } from "@unblock/http2/client";
import { type Call, send as sendOver, serveSockets } from "@unblock/http2/testing/client";
import { closeLater } from "@unblock/http2/testing/close-later";
import { freePort, listen, type TestEndpoint } from "@unblock/test/listen";
import { describe, expect, test } from "vitest";
import { Http1Transport } from "./transport.ts";

async function serve(onRequest: RequestListener, port = 0): Promise<TestEndpoint> {
  const endpoint = await listen(createServer(onRequest), { port });
  closeLater(() => endpoint.close());
  return endpoint;
}

/** Opens a transport, closed after the test. */
function open(url: string, connections = 1): Transport {
  const transport = new Http1Transport({
    url: new URL(url),
    connections,
    tls: { insecure: false },
  });
  closeLater(() => transport.close());
  return transport;
}

const send = (transport: Transport, path = "/") =>
  sendOver(transport, { path, fields: { "x-team": "A" } });

describe("HTTP/1.1 transport", () => {
  test("opens all its connections and reuses them", async () => {
    const server = await serve((request, response) => {
      response.end(`${request.method} ${request.url} ${request.headers["x-team"]}`);
    });
    const transport = open(server.url, 3);
    await transport.connect();
    const connections = new Set<number>();
    for (let call = 0; call < 9; call++) {
      const completed = send(transport, `/${call}`);
      await completed.ended;
      expect(completed.events).toEqual(["head 200", "end"]);
      expect(completed.body.toString()).toBe(`POST /${call} A`);
      connections.add(completed.sending.connection);
    }
    expect(connections).toEqual(new Set([0, 1, 2]));
    expect(server.connections()).toBe(3);
  });

  test("opens connections for the first requests without connect", async () => {
    const server = await serve((_, response) => response.end("hello"));
    const transport = open(server.url, 5);
    const calls = [send(transport), send(transport)];
    await Promise.all(calls.map(({ ended }) => ended));
    expect(calls.map(({ body }) => body.toString())).toEqual(["hello", "hello"]);
    expect(server.connections()).toBe(2);
  });

  test("sends one request per connection at a time; others wait in order", async () => {
    const paths: string[] = [];
    let inProgress = 0;
    let maxInProgress = 0;
    const server = await serve((request, response) => {
      paths.push(request.url ?? "");
      maxInProgress = Math.max(maxInProgress, ++inProgress);
      setTimeout(() => {
        inProgress--;
        response.end();
      }, 5);
    });
    const transport = open(server.url, 2);
    await transport.connect();
    const calls = Array.from({ length: 10 }, (_, call) => send(transport, `/${call}`));
    expect(calls.map(({ sending }) => sending.connection)).toEqual([0, 1, ...Array(8).fill(-1)]);
    // A request is written one microtask after `send`.
    await Promise.resolve();
    expect(calls.map(({ sending }) => sending.writtenMs > 0)).toEqual([
      true,
      true,
      ...Array(8).fill(false),
    ]);
    await Promise.all(calls.map(({ ended }) => ended));
    expect(maxInProgress).toBe(2);
    // The server may read the first two, on two connections, in any order.
    expect(paths.slice(2).map((path) => Number(path.slice(1)) >= 2)).toEqual(Array(8).fill(true));
    const written = calls.map(({ sending }) => sending.writtenMs);
    expect(written).toEqual(written.toSorted((a, b) => a - b));
  });

  test("reports head, body and trailers", async () => {
    const server = await serve((_, response) => {
      response.writeHead(201, { trailer: "grpc-status", "x-many": ["a", "b"] });
      response.write("one ");
      response.addTrailers({ "grpc-status": "7" });
      response.end("two");
    });
    const completed = send(open(server.url));
    await completed.ended;
    expect(completed.events).toEqual(["head 201", "trailers 7", "end"]);
    expect(completed.body.toString()).toBe("one two");
    expect(completed.header?.get("x-many")).toBe("a, b");
    expect(completed.header?.get("x-none")).toBe(null);
  });

  test("reopens connections that the server closes after each response", async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { connection: "close" });
      response.end("hello");
    });
    const transport = open(server.url, 2);
    const calls = Array.from({ length: 6 }, () => send(transport));
    await Promise.all(calls.map(({ ended }) => ended));
    expect(calls.map(({ body }) => body.toString())).toEqual(Array(6).fill("hello"));
    expect(server.connections()).toBe(6);
  });

  test("reopens connections that the server closed while idle", async () => {
    const server = await serve((_, response) => response.end("hello"));
    const transport = open(server.url, 2);
    await transport.connect();
    await send(transport).ended;
    server.cut();
    // The ends of the connections arrive in later turns of the event loop.
    const calls: Call[] = [];
    do {
      const call = send(transport);
      await call.ended;
      calls.push(call);
    } while (calls.at(-1)?.failure !== undefined && calls.length < 10);
    expect(calls.at(-1)?.body.toString()).toBe("hello");
    // Each of the two connections fails at most one request.
    expect(calls.length).toBeLessThanOrEqual(3);
    expect(calls.slice(0, -1).every(({ failure }) => failure?.code === "unavailable")).toBe(true);
  });

  test("ends every request, though the server closes connections after its responses", async () => {
    const server = await serveSockets((socket) => {
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

  test("does not send a request twice when its connection closes", async () => {
    let requests = 0;
    const server = await serve((request) => {
      requests++;
      request.socket.destroy();
    });
    const transport = open(server.url);
    await transport.connect();
    const failed = send(transport);
    await failed.ended;
    expect(failed.events).toEqual(["fail unavailable"]);
    expect(requests).toBe(1);
  });

  test("fails an incomplete response", async () => {
    const server = await serve((request, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("half", () => request.socket.destroy());
    });
    const failed = send(open(server.url));
    await failed.ended;
    expect(failed.events).toEqual(["head 200", "fail unavailable"]);
  });

  test.each([
    "SSH-2.0-OpenSSH\r\n",
    "HTTP/1.1 abc OK\r\n\r\n",
    "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    "HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n",
  ])("rejects the response %j", async (response) => {
    const server = await serveSockets((socket) => {
      socket.on("data", () => socket.write(response));
    });
    const failed = send(open(server.url));
    await failed.ended;
    expect(failed.events.at(-1)).toBe("fail internal");
  });

  test("fails a request whose response switches protocols", async () => {
    const server = await serveSockets((socket) => {
      socket.on("data", () =>
        socket.write(
          "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
        ),
      );
    });
    const failed = send(open(server.url));
    await failed.ended;
    expect(failed.events).toEqual(["fail unavailable"]);
  });
});

describe("a cancelled request", () => {
  test("gets no more events, and its connection is reopened", async () => {
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
    expect(next.body.toString()).toBe("hello");
    expect(hung.events).toEqual(["head 200"]);
    expect(server.connections()).toBe(2);
  });

  test("is not sent if it still waits", async () => {
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
    expect(second.events).toEqual([]);
  });
});

describe("an unreachable server", () => {
  test("rejects connect with the reason", async () => {
    const port = await freePort();
    await expect(open(`http://127.0.0.1:${port}`, 2).connect()).rejects.toThrow("ECONNREFUSED");
    await expect(open("http://nowhere.invalid").connect()).rejects.toThrow(
      "http://nowhere.invalid",
    );
  });

  test("fails all waiting requests, and is retried with backoff", async () => {
    const port = await freePort();
    const transport = open(`http://127.0.0.1:${port}`, 2);
    await expect(transport.connect()).rejects.toThrow("ECONNREFUSED");
    // A caller that sends again at once must not spin: each round waits for the next attempt.
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
    // Backoff is about 0, 100, 200 and 400 ms; without it there would be hundreds of rounds.
    expect(rounds).toBeLessThan(8);
  });

  test("is reached again when it is back", async () => {
    const port = await freePort();
    const transport = open(`http://127.0.0.1:${port}`);
    await expect(transport.connect()).rejects.toThrow("ECONNREFUSED");
    const waiting = send(transport);
    await serve((_, response) => response.end("back"), port);
    await waiting.ended;
    expect(waiting.body.toString()).toBe("back");
  });

  test("is retried with backoff when it closes connections without a response", async () => {
    const server = await serveSockets((socket) => socket.destroy());
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
  test("fails requests in progress, waiting and later ones", async () => {
    const server = await serve(() => {});
    const transport = open(server.url);
    await transport.connect();
    const calls = [send(transport), send(transport)];
    transport.close();
    calls.push(send(transport));
    await Promise.all(calls.map(({ ended }) => ended));
    expect(calls.map(({ events }) => events)).toEqual(Array(3).fill(["fail canceled"]));
  });

  test("rejects a connect in progress", async () => {
    const server = await serve(() => {});
    const transport = open(server.url);
    const connecting = transport.connect();
    transport.close();
    await expect(connecting).rejects.toThrow(closedByClient.message);
  });
});

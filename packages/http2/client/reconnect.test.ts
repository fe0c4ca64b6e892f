import { freePort } from "@unblock/test/listen";
import { describe, expect, test, vi } from "vitest";
import { errorCode } from "../errors.ts";
import { frameType, goAwayFrame } from "../frames.ts";
import { echo, open, type Peer, Recorded, send, serve, serveFrames } from "../testing/client.ts";

// A connection has only the streams 1, 3 and 5 here.
vi.mock("./limits.ts", async (importOriginal) => ({
  ...(await importOriginal<typeof import("./limits.ts")>()),
  lastStreamId: 6,
}));

describe("a lost connection", () => {
  test("fails only its own requests, and is reopened under its number", async () => {
    const peers: Peer[] = [];
    const server = await serveFrames((peer) => {
      peers.push(peer.greet());
    });
    const transport = open(server.url, 2);
    await transport.connect();
    const calls = [send(transport), send(transport)];
    await vi.waitFor(() => {
      expect(peers.map(({ frames }) => frames.at(-1)?.type)).toEqual([0, 0]);
    });
    peers[0]?.socket.resetAndDestroy();
    const lost = await Promise.race(calls.map(async (call) => call.ended.then(() => call)));
    expect(lost.failure?.code).toBe("unavailable");
    expect(lost.failure?.message).toContain("ECONNRESET");
    expect(calls.filter((call) => call !== lost).map(({ events }) => events)).toEqual([[]]);
    await vi.waitFor(() => expect(peers).toHaveLength(3));
    await vi.waitFor(() => {
      const next = send(transport);
      expect(next.sending.connection).toBe(lost.sending.connection);
    });
  });

  test("fails a response that it interrupts", async () => {
    const server = await serveFrames((peer) => {
      peer
        .onRequest((streamId) => {
          peer.sendHeaders(streamId, [[":status", "200"]]).sendData(streamId, "half");
          peer.socket.end();
        })
        .greet();
    });
    const call = send(open(server.url));
    await call.ended;
    expect(call.events).toEqual(["head 200", "fail unavailable"]);
    expect(call.body.toString()).toBe("half");
  });

  test("is not used for later requests", async () => {
    const server = await serve(echo);
    const transport = open(server.url, 2);
    await transport.connect();
    server.cut();
    const ends: (string | undefined)[] = [];
    do {
      const call = send(transport);
      await call.ended;
      ends.push(call.events.at(-1));
    } while (ends.at(-1) !== "end" && ends.length < 10);
    // At most one request per connection is sent before its end is noticed.
    expect(ends.length).toBeLessThanOrEqual(3);
  });

  test("is reopened when the server restarts on its port", async () => {
    const first = await serve(() => {});
    const transport = open(first.url, 2);
    await transport.connect();
    const calls = [send(transport), send(transport), send(transport)];
    await first.close();
    await Promise.all(calls.map(({ ended }) => ended));
    expect(calls.map(({ events }) => events)).toEqual(Array(3).fill(["fail unavailable"]));
    const down = send(transport);
    await down.ended;
    expect(down.events).toEqual(["fail unavailable"]);
    expect(down.sending.connection).toBe(-1);
    const second = await serve(echo, { port: first.port });
    await vi.waitFor(
      async () => {
        const call = send(transport);
        await call.ended;
        expect(call.events.at(-1)).toBe("end");
      },
      { timeout: 10_000 },
    );
    await vi.waitFor(() => expect(second.connections()).toBe(2), { timeout: 10_000 });
  });
});

describe("a server that sends GOAWAY", () => {
  test("completes the requests it took; others fail, later ones use a new connection", async () => {
    const peers: Peer[] = [];
    const server = await serveFrames((peer) => {
      peers.push(peer);
      peer
        .onRequest((streamId) => {
          if (peers.length > 1) {
            peer.respond(streamId);
          } else if (streamId === 3) {
            peer.send(
              goAwayFrame(2 ** 31 - 1, errorCode.noError),
              goAwayFrame(1, errorCode.enhanceYourCalm),
            );
          }
        })
        .greet();
    });
    const transport = open(server.url);
    await transport.connect();
    const [taken, rejected] = [send(transport), send(transport)];
    await rejected.ended;
    expect(rejected.failure?.code).toBe("unavailable");
    expect(rejected.failure?.message).toContain("ENHANCE_YOUR_CALM");
    const next = send(transport);
    await next.ended;
    expect(next.events).toEqual(["head 200", "end"]);
    expect(next.sending.connection).toBe(0);
    expect(taken.events).toEqual([]);
    const closed = new Promise((resolve) => peers[0]?.socket.once("close", resolve));
    peers[0]?.respond(1);
    await taken.ended;
    expect(taken.events).toEqual(["head 200", "end"]);
    // The idle connection is closed.
    await closed;
    expect(server.connections()).toBe(2);
  });

  test("loses no request when it is node:http2 and shuts down gracefully", async () => {
    const server = await serve((stream) => {
      echo(stream);
      stream.session?.close();
    });
    const transport = open(server.url, 2);
    const ends: (string | undefined)[] = [];
    for (let call = 0; call < 20; call++) {
      const completed = send(transport);
      await completed.ended;
      ends.push(completed.events.at(-1));
    }
    expect(ends).toEqual(Array(20).fill("end"));
    expect(server.connections()).toBeGreaterThan(10);
  });

  test("a connection without stream identifiers left is replaced", async () => {
    const peers: Peer[] = [];
    const server = await serveFrames((peer) => {
      peers.push(peer.onRequest((streamId) => peer.respond(streamId)).greet());
    });
    const transport = open(server.url);
    await transport.connect();
    const calls = Array.from({ length: 8 }, () => send(transport));
    await Promise.all(calls.map(({ ended }) => ended));
    expect(calls.map(({ events }) => events)).toEqual(Array(8).fill(["head 200", "end"]));
    expect(
      peers.map((peer) => peer.framesOf(frameType.headers).map(({ streamId }) => streamId)),
    ).toEqual([
      [1, 3, 5],
      [1, 3, 5],
      [1, 3],
    ]);
    await vi.waitFor(() => expect(peers[0]?.framesOf(frameType.goAway)).toHaveLength(1));
    expect(peers[0]?.framesOf(frameType.goAway)[0]?.payload).toEqual(Buffer.alloc(8));
  });
});

describe("an unreachable server", () => {
  test("rejects connect with the reason, and is retried for later requests", async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const transport = open(url, 2);
    await expect(transport.connect()).rejects.toThrow("ECONNREFUSED");
    const failed = send(transport);
    await failed.ended;
    expect(failed.failure?.code).toBe("unavailable");
    expect(failed.failure?.message).toContain("ECONNREFUSED");
    const waiting = send(transport);
    const server = await serve(echo, { port });
    await waiting.ended;
    // Either is right: the attempt that this request waits for may precede the server's start.
    expect(["end", "fail unavailable"]).toContain(waiting.events.at(-1));
    await expect
      .poll(
        async () => {
          const call = send(transport);
          await call.ended;
          return call.events.at(-1);
        },
        { timeout: 10_000 },
      )
      .toBe("end");
    expect(server.connections()).toBeGreaterThan(0);
  });

  test("is retried with backoff", async () => {
    const port = await freePort();
    const transport = open(`http://127.0.0.1:${port}`, 2);
    await expect(transport.connect()).rejects.toThrow("ECONNREFUSED");
    // A caller that sends again at once must not spin: each round waits for the next attempt.
    let rounds = 0;
    const timer = setTimeout(() => transport.close(), 450);
    for (;;) {
      const call = send(transport);
      await call.ended;
      if (call.failure?.code === "canceled") {
        break;
      }
      expect(call.failure?.code).toBe("unavailable");
      rounds++;
    }
    clearTimeout(timer);
    // Backoff per connection is about 0, 100, 200, 400 ms; without it there would be hundreds.
    expect(rounds).toBeLessThan(16);
  });

  test("is retried with backoff when it only closes connections", async () => {
    let connections = 0;
    const server = await serveFrames((peer) => {
      connections++;
      peer.greet().onRequest(() => peer.socket.destroy());
    });
    const transport = open(server.url, 1);
    const timer = setTimeout(() => transport.close(), 450);
    let last: string | undefined;
    do {
      const call = send(transport);
      await call.ended;
      last = call.failure?.code;
    } while (last !== "canceled");
    clearTimeout(timer);
    expect(connections).toBeGreaterThan(1);
    expect(connections).toBeLessThan(8);
  });

  test("fails a request once, though all attempts fail", async () => {
    const port = await freePort();
    const transport = open(`http://127.0.0.1:${port}`, 5);
    const again = new Recorded();
    const first = send(transport);
    first.fail = () => {
      first.events.push("fail");
      send(transport, {}, "", again);
    };
    await again.ended;
    expect(first.events).toEqual(["fail"]);
    expect(again.events).toEqual(["fail unavailable"]);
  });
});

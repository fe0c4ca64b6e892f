import { describe, expect, test, vi } from "vitest";
import { freePort } from "../../../testing/listen.ts";
import { frame, frameType, goAwayFrame } from "./frames.ts";
import { echo, open, type Peer, Recorded, send, serve, serveFrames } from "./testing.ts";

// A connection has three streams here, and no more: 1, 3 and 5.
vi.mock("./frames.ts", async (importOriginal) => ({
  ...(await importOriginal<typeof import("./frames.ts")>()),
  lastStreamId: 6,
}));

/** The last stream that the server took, and why it goes. */
function goAway(last: number, code = 0): Buffer {
  const payload = Buffer.alloc(8);
  payload.writeUInt32BE(last);
  payload.writeUInt32BE(code, 4);
  return frame(frameType.goAway, 0, 0, payload);
}

describe("a connection that is lost", () => {
  test("fails its calls, not those of others, and is made again under its number", async () => {
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
    expect(lost.failure).toEqual({
      code: "unavailable",
      message: "The connection was lost: read ECONNRESET",
    });
    expect(calls.filter((call) => call !== lost).map(({ told }) => told)).toEqual([[]]);
    await vi.waitFor(() => expect(peers).toHaveLength(3));
    await vi.waitFor(() => {
      const next = send(transport);
      expect(next.sending.connection).toBe(lost.sending.connection);
    });
  });

  test("says when the server closes it in the middle of a response", async () => {
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
    expect(call.told).toEqual(["head 200", "fail unavailable"]);
    expect(call.body.toString()).toBe("half");
    expect(call.failure?.message).toBe("The server closed the connection");
  });

  test("leaves its calls to those that are up", async () => {
    const server = await serve(echo);
    const transport = open(server.url, 2);
    await transport.connect();
    server.cut();
    const ends: (string | undefined)[] = [];
    do {
      const call = send(transport);
      await call.ended;
      ends.push(call.told.at(-1));
    } while (ends.at(-1) !== "end");
    // The end of each connection is found out by one call at most.
    expect(ends.length).toBeLessThanOrEqual(3);
  });

  test("is made again when a server that died is back on its port", async () => {
    const first = await serve(() => {});
    const transport = open(first.url, 2);
    await transport.connect();
    const calls = [send(transport), send(transport), send(transport)];
    await first.close();
    await Promise.all(calls.map(({ ended }) => ended));
    expect(calls.map(({ told }) => told)).toEqual(Array(3).fill(["fail unavailable"]));
    const down = send(transport);
    await down.ended;
    expect(down.told).toEqual(["fail unavailable"]);
    expect(down.sending.connection).toBe(-1);
    const second = await serve(echo, { port: first.port });
    await vi.waitFor(
      async () => {
        const call = send(transport);
        await call.ended;
        expect(call.told.at(-1)).toBe("end");
      },
      { timeout: 10_000 },
    );
    await vi.waitFor(() => expect(second.connections()).toBe(2), { timeout: 10_000 });
  });
});

describe("a server that goes away", () => {
  test("finishes the calls it took; the others fail, and later ones go elsewhere", async () => {
    const peers: Peer[] = [];
    const server = await serveFrames((peer) => {
      peers.push(peer);
      peer
        .onRequest((streamId) => {
          if (peers.length > 1) {
            peer.answer(streamId);
          } else if (streamId === 3) {
            peer.send(goAway(2 ** 31 - 1), goAway(1, 11));
          }
        })
        .greet();
    });
    const transport = open(server.url);
    await transport.connect();
    const [taken, refused] = [send(transport), send(transport)];
    await refused.ended;
    expect(refused.failure).toEqual({
      code: "unavailable",
      message: "The server is going away (ENHANCE_YOUR_CALM) and did not take the call",
    });
    const next = send(transport);
    await next.ended;
    expect(next.told).toEqual(["head 200", "end"]);
    expect(next.sending.connection).toBe(0);
    expect(taken.told).toEqual([]);
    const closed = new Promise((resolve) => peers[0]?.socket.once("close", resolve));
    peers[0]?.answer(1);
    await taken.ended;
    expect(taken.told).toEqual(["head 200", "end"]);
    // Nobody needs that connection any more.
    await closed;
    expect(server.connections()).toBe(2);
  });

  test("loses no call when it is Node's and shuts down gracefully", async () => {
    const server = await serve((stream) => {
      echo(stream);
      stream.session?.close();
    });
    const transport = open(server.url, 2);
    const ends: (string | undefined)[] = [];
    for (let call = 0; call < 20; call++) {
      const answered = send(transport);
      await answered.ended;
      ends.push(answered.told.at(-1));
    }
    expect(ends).toEqual(Array(20).fill("end"));
    expect(server.connections()).toBeGreaterThan(10);
  });

  test("is left for a new connection when the streams' numbers are used up", async () => {
    const peers: Peer[] = [];
    const server = await serveFrames((peer) => {
      peers.push(peer.onRequest((streamId) => peer.answer(streamId)).greet());
    });
    const transport = open(server.url);
    await transport.connect();
    const calls = Array.from({ length: 8 }, () => send(transport));
    await Promise.all(calls.map(({ ended }) => ended));
    expect(calls.map(({ told }) => told)).toEqual(Array(8).fill(["head 200", "end"]));
    expect(
      peers.map((peer) => peer.framesOf(frameType.headers).map(({ streamId }) => streamId)),
    ).toEqual([
      [1, 3, 5],
      [1, 3, 5],
      [1, 3],
    ]);
    await vi.waitFor(() => expect(peers[0]?.framesOf(frameType.goAway)).toHaveLength(1));
    expect(
      frame(
        frameType.goAway,
        0,
        0,
        peers[0]?.framesOf(frameType.goAway)[0]?.payload ?? Buffer.alloc(0),
      ),
    ).toEqual(goAwayFrame("NO_ERROR"));
  });
});

describe("a server that can't be reached", () => {
  test("is told by connect, with the reason, and tried again for later calls", async () => {
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const transport = open(url, 2);
    const message = `No connection to ${url}: nothing listens there; is the server running? (ECONNREFUSED)`;
    await expect(transport.connect()).rejects.toThrow(message);
    const failed = send(transport);
    await failed.ended;
    expect(failed.failure).toEqual({ code: "unavailable", message });
    const waiting = send(transport);
    const server = await serve(echo, { port });
    await waiting.ended;
    // Whether the server was there in time for this one is a matter of luck.
    expect(["end", "fail unavailable"]).toContain(waiting.told.at(-1));
    await expect
      .poll(
        async () => {
          const call = send(transport);
          await call.ended;
          return call.told.at(-1);
        },
        { timeout: 10_000 },
      )
      .toBe("end");
    expect(server.connections()).toBeGreaterThan(0);
  });

  test("is not asked again and again", async () => {
    const port = await freePort();
    const transport = open(`http://127.0.0.1:${port}`, 2);
    await expect(transport.connect()).rejects.toThrow("ECONNREFUSED");
    // A caller who calls again at once must not spin: each round waits for the next attempt.
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
    // Each connection pauses for 0, 100, 200, 400 ms, more or less; without pauses it'd be hundreds.
    expect(rounds).toBeLessThan(16);
  });

  test("is not asked again and again when it only closes connections", async () => {
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

  test("fails a call once, though all attempts fail", async () => {
    const port = await freePort();
    const transport = open(`http://127.0.0.1:${port}`, 5);
    const again = new Recorded();
    const first = send(transport);
    first.fail = () => {
      first.told.push("fail");
      send(transport, {}, "", again);
    };
    await again.ended;
    expect(first.told).toEqual(["fail"]);
    expect(again.told).toEqual(["fail unavailable"]);
  });
});

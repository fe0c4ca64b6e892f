import { spawn } from "node:child_process";
import { once } from "node:events";
import type { IncomingHttpHeaders } from "node:http2";
import { describe, expect, test, vi } from "vitest";
import { echo, open, Recorded, send, serve } from "../testing/client.ts";
import { closedByClient } from "./failures.ts";

describe("HTTP/2 transport", () => {
  test("reports a response in order: head, body, trailers, end", async () => {
    const server = await serve(echo);
    const call = send(open(server.url), {}, "hello");
    expect(call.sending.writtenMs).toBe(0);
    expect(call.sending.connection).toBe(-1);
    await call.ended;
    expect(call.events).toEqual(["head 200", "trailers 0", "end"]);
    expect(call.body.toString()).toBe("hello");
    expect(call.sending.connection).toBe(0);
    expect(call.sending.writtenMs).toBeGreaterThan(0);
  });

  test("sends method, path, authority and fields", async () => {
    const seen: IncomingHttpHeaders[] = [];
    const server = await serve((stream, headers) => {
      seen.push({ ...headers });
      stream.respond({ ":status": 204 }, { endStream: true });
    });
    const transport = open(server.url);
    const get = send(transport, { method: "GET", path: "/a?b=c", fields: { "x-team": "A" } }, "");
    const post = send(transport, { path: "/d", fields: { authorization: "Bearer x" } });
    await Promise.all([get.ended, post.ended]);
    const authority = `127.0.0.1:${server.port}`;
    expect(seen).toMatchObject([
      { ":method": "GET", ":scheme": "http", ":path": "/a?b=c", ":authority": authority },
      { ":method": "POST", ":scheme": "http", ":path": "/d", authorization: "Bearer x" },
    ]);
    expect(seen[0]?.["x-team"]).toBe("A");
    expect(get.events).toEqual(["head 204", "end"]);
  });

  test("uses its connections in turn", async () => {
    const server = await serve(echo);
    const transport = open(server.url, 3);
    await transport.connect();
    const connections: number[] = [];
    for (let call = 0; call < 7; call++) {
      const completed = send(transport);
      await completed.ended;
      connections.push(completed.sending.connection);
    }
    expect(connections).toEqual([0, 1, 2, 0, 1, 2, 0]);
    expect(server.connections()).toBe(3);
  });

  test("uses the wanted connection while it has a free stream, and otherwise another", async () => {
    const server = await serve(echo, { settings: { maxConcurrentStreams: 2 } });
    const transport = open(server.url, 3);
    await transport.connect();
    const request = transport.prepare({ method: "POST", path: "/", fields: {} }, Buffer.from("x"));
    const receivers = Array.from({ length: 5 }, () => new Recorded());
    const sent = receivers.map((receiver) => request.send(receiver, 4));
    await Promise.all(receivers.map(({ ended }) => ended));
    expect(sent.map(({ connection }) => connection)).toEqual([1, 1, 0, 2, 0]);
  });

  test("ignores informational responses", async () => {
    const server = await serve((stream) => {
      stream.additionalHeaders({ ":status": 103, link: "</x>" });
      stream.additionalHeaders({ ":status": 102 });
      echo(stream);
    });
    const call = send(open(server.url));
    await call.ended;
    expect(call.events).toEqual(["head 200", "trailers 0", "end"]);
    expect(call.header?.get("link")).toBeNull();
  });

  test("has 500 calls in progress at once", async () => {
    const calls: Promise<void>[] = [];
    let inProgress = 0;
    const all = Promise.withResolvers<void>();
    const server = await serve((stream) => {
      if (++inProgress === 500) {
        all.resolve();
      }
      all.promise.then(() => echo(stream));
    });
    const transport = open(server.url, 2);
    const completed = Array.from({ length: 500 }, (_, at) => send(transport, {}, `body ${at}`));
    calls.push(...completed.map(({ ended }) => ended));
    await Promise.all(calls);
    expect(completed.map(({ body }) => body.toString())).toEqual(
      completed.map((_, at) => `body ${at}`),
    );
  });

  test("sends prepared requests 10,000 times, each on its own stream", async () => {
    let served = 0;
    const server = await serve((stream, headers) => {
      served++;
      stream.respond({ ":status": 200, "x-path": headers[":path"] });
      stream.pipe(stream);
    });
    const transport = open(server.url, 3);
    const requests = ["a", "b", "c", "d", "e"].map((name) => ({
      name,
      request: transport.prepare(
        { method: "POST", path: `/${name}`, fields: { "x-name": name } },
        Buffer.from(`the body of ${name}`),
      ),
    }));
    let sent = 0;
    const wrong: string[] = [];
    const caller = async () => {
      while (sent < 10_000) {
        const { name, request } = requests[sent++ % requests.length] ?? { name: "none" };
        const receiver = new Recorded();
        request?.send(receiver);
        await receiver.ended;
        const got = `${receiver.events} ${receiver.header?.get("x-path")} ${receiver.body}`;
        if (got !== `head 200,end /${name} the body of ${name}`) {
          wrong.push(got);
        }
      }
    };
    await Promise.all(Array.from({ length: 20 }, caller));
    expect(wrong).toEqual([]);
    expect(served).toBe(10_000);
  });

  test("sends more different fields than the header table holds", async () => {
    const server = await serve((stream, headers) => {
      stream.respond({ ":status": 200, "x-id": headers["x-id"], "x-same": headers["x-same"] });
      stream.end();
    });
    const transport = open(server.url, 2);
    const calls = Array.from({ length: 400 }, (_, at) =>
      send(transport, { fields: { "x-id": `call ${at}`, "x-same": "same" } }),
    );
    await Promise.all(calls.map(({ ended }) => ended));
    expect(calls.map(({ header }) => header?.get("x-id"))).toEqual(
      calls.map((_, at) => `call ${at}`),
    );
    expect(calls.every(({ header }) => header?.get("x-same") === "same")).toBe(true);
  });

  test.each([0, 64, 65_536])("respects a header table of %s bytes", async (headerTableSize) => {
    const server = await serve(
      (stream, headers) =>
        stream.respond({ ":status": 200, "x-id": headers["x-id"] }, { endStream: true }),
      { settings: { headerTableSize } },
    );
    const transport = open(server.url);
    for (let call = 0; call < 5; call++) {
      const completed = send(transport, { fields: { "x-id": `call ${call % 2}` } });
      await completed.ended;
      expect(completed.header?.get("x-id")).toBe(`call ${call % 2}`);
    }
  });

  test("sends and reads headers larger than a frame", async () => {
    const server = await serve((stream, headers) => {
      stream.respond({ ":status": 200, "x-large": headers["x-large"] });
      stream.pipe(stream);
    });
    const transport = open(server.url);
    for (const letter of ["a", "b", "b"]) {
      const call = send(transport, { fields: { "x-large": letter.repeat(40_000) } });
      await call.ended;
      expect(call.events).toEqual(["head 200", "end"]);
      expect(call.header?.get("x-large")).toBe(letter.repeat(40_000));
      expect(call.body.toString()).toBe("hi");
    }
  });
});

describe("a cancelled request", () => {
  test("gets no more events, and resets its stream", async () => {
    const reset = Promise.withResolvers<number>();
    const server = await serve((stream, headers) => {
      if (headers[":path"] !== "/hang") {
        echo(stream);
        return;
      }
      stream.respond({ ":status": 200, "x-new": "goes into the table" });
      stream.write("begun");
      stream.on("close", () => reset.resolve(stream.rstCode));
    });
    const transport = open(server.url);
    const hung = send(transport, { path: "/hang" });
    await hung.headed;
    hung.sending.cancel();
    hung.sending.cancel();
    // CANCEL
    expect(await reset.promise).toBe(8);
    const next = send(transport);
    await next.ended;
    expect(next.events).toEqual(["head 200", "trailers 0", "end"]);
    expect(hung.events).toEqual(["head 200"]);
    expect(server.connections()).toBe(1);
  });

  test("may be cancelled in any callback", async () => {
    const server = await serve(echo);
    const transport = open(server.url);
    for (const last of ["head", "data", "trailers"] as const) {
      const receiver = new Recorded();
      const heard: string[] = [];
      const call = send(transport, {}, "hi", receiver);
      for (const name of ["head", "data", "trailers", "end", "fail"] as const) {
        receiver[name] = () => {
          heard.push(name);
          if (name === last) {
            call.sending.cancel();
          }
        };
      }
      // The response to a later request comes later.
      await send(transport).ended;
      await send(transport).ended;
      expect(heard.at(-1)).toBe(last);
    }
  });

  test("still has its response headers decoded", async () => {
    const server = await serve((stream) => {
      stream.respond({ ":status": 200, "x-table": "from the table" }, { endStream: true });
    });
    const transport = open(server.url);
    await transport.connect();
    const calls = Array.from({ length: 10 }, () => send(transport));
    for (const call of calls.slice(0, 9)) {
      call.sending.cancel();
    }
    await calls[9]?.ended;
    expect(calls[9]?.header?.get("x-table")).toBe("from the table");
    expect(calls.slice(0, 9).flatMap(({ events }) => events)).toEqual([]);
  });

  test("is not sent if it still waits, and frees its stream otherwise", async () => {
    const paths: (string | undefined)[] = [];
    const server = await serve(
      (stream, headers) => {
        paths.push(headers[":path"]);
        if (headers[":path"] !== "/hang") {
          echo(stream);
        }
      },
      { settings: { maxConcurrentStreams: 1 } },
    );
    const transport = open(server.url);
    await transport.connect();
    const hung = send(transport, { path: "/hang" });
    const waiting = send(transport, { path: "/waiting" });
    const last = send(transport, { path: "/last" });
    waiting.sending.cancel();
    expect(last.sending.writtenMs).toBe(0);
    // The server could count the next request as one too many before it has read this one.
    await vi.waitFor(() => expect(paths).toEqual(["/hang"]));
    hung.sending.cancel();
    await last.ended;
    expect(last.sending.writtenMs).toBeGreaterThan(0);
    expect(paths).not.toContain("/waiting");
    expect([...hung.events, ...waiting.events]).toEqual([]);
    expect(waiting.sending.connection).toBe(-1);
  });
});

describe("MAX_CONCURRENT_STREAMS", () => {
  test("is respected; other requests wait in order", async () => {
    let inProgress = 0;
    let maxInProgress = 0;
    const order: (string | undefined)[] = [];
    const server = await serve(
      (stream, headers) => {
        order.push(headers[":path"]);
        maxInProgress = Math.max(maxInProgress, ++inProgress);
        setTimeout(() => {
          inProgress--;
          echo(stream);
        }, 1);
      },
      { settings: { maxConcurrentStreams: 2 } },
    );
    const transport = open(server.url, 2);
    await transport.connect();
    const calls = Array.from({ length: 40 }, (_, at) => send(transport, { path: `/${at}` }));
    await Promise.all(calls.map(({ ended }) => ended));
    expect(calls.map(({ events }) => events.at(-1))).toEqual(Array(40).fill("end"));
    expect(maxInProgress).toBe(4);
    const written = calls.map(({ sending }) => sending.writtenMs);
    expect(written).toEqual([...written].sort((a, b) => a - b));
    expect(new Set(order).size).toBe(40);
  });

  test("may grow, which sends waiting requests", async () => {
    const server = await serve(
      (stream) => {
        stream.session?.settings({ maxConcurrentStreams: 2 });
        if (!stream.closed) {
          streams.push(stream.id ?? 0);
        }
        if (streams.length === 2) {
          both.resolve();
        }
      },
      { settings: { maxConcurrentStreams: 1 } },
    );
    const streams: number[] = [];
    const both = Promise.withResolvers<void>();
    const transport = open(server.url);
    await transport.connect();
    const calls = [send(transport), send(transport)];
    await both.promise;
    expect(streams).toEqual([1, 3]);
    expect(calls.map(({ events }) => events)).toEqual([[], []]);
  });
});

describe("close", () => {
  test("fails requests in progress, waiting and later ones", async () => {
    const server = await serve(() => {}, { settings: { maxConcurrentStreams: 1 } });
    const transport = open(server.url);
    await transport.connect();
    const calls = [send(transport), send(transport)];
    transport.close();
    calls.push(send(transport));
    await Promise.all(calls.map(({ ended }) => ended));
    expect(calls.map(({ events }) => events)).toEqual(Array(3).fill(["fail canceled"]));
  });

  test("sends GOAWAY", async () => {
    const left = Promise.withResolvers<number>();
    const server = await serve((stream) => {
      stream.session?.on("goaway", (code: number) => left.resolve(code));
      echo(stream);
    });
    const transport = open(server.url);
    await send(transport).ended;
    transport.close();
    expect(await left.promise).toBe(0);
  });

  test("rejects a connect in progress", async () => {
    const server = await serve(echo);
    const transport = open(server.url);
    const connecting = transport.connect();
    transport.close();
    await expect(connecting).rejects.toThrow(closedByClient.message);
  });

  test.each([
    [
      "after requests",
      "await transport.connect(); await new Promise((end) => request.send({ ...receiver, end }));",
    ],
    ["with requests in progress", "await transport.connect(); request.send(receiver);"],
    ["while it connects", "transport.connect().catch(nothing);"],
  ])("lets the process exit: %s", async (_, script) => {
    const server = await serve(echo);
    expect(await run(server.url, `${script} transport.close();`)).toEqual([0, null]);
  });
});

test("a transport that could not connect lets the process exit", async () => {
  const server = await serve(echo);
  await server.close();
  expect(await run(server.url, "await transport.connect().catch(nothing);")).toEqual([0, null]);
});

/** Runs a script with a transport in its own process until the process exits. */
async function run(url: string, script: string): Promise<unknown[]> {
  const source = `
    import { Http2Transport } from "${new URL("./transport.ts", import.meta.url)}";
    const transport = new Http2Transport(
      { url: new URL("${url}"), connections: 3, tls: { insecure: false } });
    const nothing = () => {};
    const receiver = { head: nothing, data: nothing, trailers: nothing, end: nothing, fail: nothing };
    const request = transport.prepare({ method: "POST", path: "/", fields: {} }, Buffer.from("x"));
    ${script}`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", source], {
    stdio: ["ignore", "ignore", "inherit"],
    timeout: 20_000,
  });
  return once(child, "exit");
}

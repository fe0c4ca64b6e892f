import { once } from "node:events";
import { createServer as createHttp1Server } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import { connect } from "node:net";
import { toBinary, toJsonString } from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { type AdapterOptions, createAdapter } from "@unblock/connect/adapter/adapter";
import { envelope } from "@unblock/connect/adapter/envelope";
import { codeName } from "@unblock/connect/code-name";
import { type Http2Implementation, listen as listenOn } from "@unblock/connect/listener/listener";
import { errorCode } from "@unblock/http2/errors";
import { goAwayFrame, resetStreamFrame } from "@unblock/http2/frames";
import { change, wish } from "@unblock/test/echo-schema";
import { listen, type TestEndpoint } from "@unblock/test/listen";
import { RawHttp2, type StreamOutcome } from "@unblock/test/raw-http2";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

// Node emits "end" for a request that was reset, or whose connection closed.

/** A server and its observations. */
interface Counted extends Endpoints {
  calls: number;
  /** Codes that the adapter's observer received. */
  readonly observed: string[];
}

async function serve(kind: Http2Implementation | "oracle"): Promise<Counted> {
  let calls = 0;
  const observed: string[] = [];
  const observer: AdapterOptions["observer"] = {
    began: () => {},
    ended: (_, error) => observed.push(error === undefined ? "ok" : codeName(error.code)),
  };
  const routes = (router: ConnectRouter) => {
    router.rpc(change, () => {
      calls++;
      return {};
    });
  };
  return {
    ...(kind === "oracle"
      ? await listenWithConnectNode(routes)
      : await listenWithAdapter({ routes, observer }, kind)),
    observed,
    get calls() {
      return calls;
    },
    set calls(value) {
      calls = value;
    },
  };
}

type Endpoint = Pick<TestEndpoint, "url" | "port" | "close">;

interface Endpoints {
  readonly http1: Endpoint;
  readonly http2: Endpoint;
}

async function listenWithConnectNode(routes: (router: ConnectRouter) => void): Promise<Endpoints> {
  const handler = connectNodeAdapter({ routes });
  return {
    http1: await listen(createHttp1Server(handler)),
    http2: await listen(createHttp2Server(handler)),
  };
}

async function listenWithAdapter(
  options: AdapterOptions,
  http2: Http2Implementation,
): Promise<Endpoints> {
  const listener = await listenOn({ host: "127.0.0.1", port: 0, http2 }, createAdapter(options));
  const { port } = listener;
  const close = async () => {
    listener.cut();
    await listener.drain();
  };
  const endpoint = { url: `http://127.0.0.1:${port}`, port, close };
  return { http1: endpoint, http2: endpoint };
}

let oracle: Counted;
let adapters: readonly (readonly [string, Counted])[];
beforeAll(async () => {
  oracle = await serve("oracle");
  adapters = [
    ["unblock", await serve("unblock")],
    ["node", await serve("node")],
  ];
});
afterAll(async () => {
  for (const { http1, http2 } of [oracle, ...adapters.map(([, server]) => server)]) {
    await Promise.all([http1.close(), http2.close()]);
  }
});

const message = wish({ act: "fail", count: 1, bytes: 123_456 });
const binary = toBinary(change.input, message);
const json = Buffer.from(toJsonString(change.input, message));
const protocols = [
  { contentType: "application/grpc+proto", body: envelope(0, binary) },
  { contentType: "application/grpc-web+proto", body: envelope(0, binary) },
  { contentType: "application/proto", body: Buffer.from(binary) },
  { contentType: "application/json", body: json },
];
type Protocol = (typeof protocols)[number];
const rpcPath = `/${change.parent.typeName}/${change.name}`;

function headers(
  connection: RawHttp2,
  { contentType }: Protocol,
  length: number | undefined,
  endStream = false,
): Buffer {
  return connection.headers(
    1,
    [
      [":method", "POST"],
      [":scheme", "http"],
      [":authority", "localhost"],
      [":path", rpcPath],
      ["content-type", contentType],
      ["te", "trailers"],
      ...(length === undefined ? [] : [["content-length", String(length)] as const]),
    ],
    endStream,
  );
}

/** Ways to cut off a request of which the server has half the body, or all of it. */
const cuts: Readonly<Record<string, (connection: RawHttp2) => void>> = {
  "RST_STREAM (CANCEL)": (connection) => connection.write(resetStreamFrame(1, errorCode.cancel)),
  "RST_STREAM (NO_ERROR)": (connection) => connection.write(resetStreamFrame(1, errorCode.noError)),
  FIN: (connection) => connection.socket.end(),
  "GOAWAY and FIN": (connection) => {
    connection.write(goAwayFrame(0, errorCode.noError));
    connection.socket.end();
  },
  "a lost connection": (connection) => connection.socket.resetAndDestroy(),
};

/** Waits until the server has processed what was sent before. */
async function settle(connection: RawHttp2, server: Counted): Promise<void> {
  if (!connection.socket.writableEnded && !connection.isClosed) {
    // On the same connection, so it is read last.
    connection.write(
      connection.headers(
        3,
        [
          [":method", "GET"],
          [":scheme", "http"],
          [":authority", "localhost"],
          [":path", "/nothing"],
        ],
        true,
      ),
    );
    await connection.ended(3);
  } else {
    await connection.closed();
  }
  // A connection that is accepted after the end of the first one.
  const next = await RawHttp2.open(server.http2.url);
  next.write(
    next.headers(
      1,
      [
        [":method", "GET"],
        [":scheme", "http"],
        [":path", "/nothing"],
      ],
      true,
    ),
  );
  await next.ended(1);
  next.close();
}

interface Outcome {
  readonly calls: number;
  readonly answer: StreamOutcome | undefined;
}

async function send(
  server: Counted,
  act: (connection: RawHttp2) => void | Promise<void>,
): Promise<Outcome> {
  server.calls = 0;
  const connection = await RawHttp2.open(server.http2.url);
  await act(connection);
  await settle(connection, server);
  connection.close();
  return { calls: server.calls, answer: connection.streams.get(1) };
}

describe.each(protocols)("over HTTP/2, $contentType", (protocol) => {
  const half = protocol.body.subarray(0, protocol.body.length / 2);

  describe.each([
    ["with a content-length", protocol.body.length],
    ["without a content-length", undefined],
  ])("%s", (_, length) => {
    test.each(Object.entries(cuts))("half a body and %s reach no handler", async (_cut, cut) => {
      const act = async (connection: RawHttp2) => {
        connection.write(headers(connection, protocol, length), connection.data(1, half));
        await connection.ping();
        cut(connection);
      };
      const expected = await send(oracle, act);
      expect(expected.calls).toBe(0);
      for (const [served, server] of adapters) {
        expect([served, await send(server, act)]).toEqual([served, expected]);
      }
    });

    test.each(Object.entries(cuts))("a whole request and %s at once", async (name, cut) => {
      const act = (connection: RawHttp2) => {
        connection.socket.cork();
        connection.write(
          headers(connection, protocol, length),
          connection.data(1, protocol.body, true),
        );
        cut(connection);
        connection.socket.uncork();
      };
      for (const [served, server] of adapters) {
        server.observed.length = 0;
        const { calls } = await send(server, act);
        // The bytes before a FIN may be read before the FIN, so both outcomes are valid.
        if (name.startsWith("RST_STREAM")) {
          expect([served, calls, server.observed]).toEqual([served, 0, ["canceled"]]);
        }
      }
    });
  });

  test.each([
    ["longer", 8],
    ["shorter", -2],
  ])("a content-length that is %s than the body reaches no handler", async (_, difference) => {
    const act = async (connection: RawHttp2) => {
      connection.write(
        headers(connection, protocol, protocol.body.length + difference),
        connection.data(1, protocol.body, true),
      );
      await connection.ended(1);
    };
    const expected = await send(oracle, act);
    expect(expected.calls).toBe(0);
    // The stream is reset, or node:http2 ends the connection; neither is a response.
    expect(expected.answer?.fields).toEqual({});
    for (const [served, server] of adapters) {
      const { calls, answer } = await send(server, act);
      expect([served, calls, answer?.fields]).toEqual([served, 0, {}]);
    }
  });
});

describe.each(protocols.slice(1))("over HTTP/1.1, $contentType", ({ contentType, body }) => {
  const half = body.subarray(0, body.length / 2);
  const framings = {
    "a content-length": [`content-length: ${body.length}`, half],
    chunks: [
      "transfer-encoding: chunked",
      Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), half]),
    ],
    "whole chunks but no last one": [
      "transfer-encoding: chunked",
      Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from("\r\n")]),
    ],
  } as const;

  test.each(Object.entries(framings))(
    "a request cut off within %s reaches no handler",
    async (_, [field, sent]) => {
      for (const end of ["end", "resetAndDestroy"] as const) {
        for (const [served, server] of [["connect-node", oracle] as const, ...adapters]) {
          server.calls = 0;
          const socket = connect(server.http1.port, "127.0.0.1");
          socket.on("error", () => {});
          await once(socket, "connect");
          socket.write(
            `POST ${rpcPath} HTTP/1.1\r\nhost: localhost\r\ncontent-type: ${contentType}\r\n${field}\r\n\r\n`,
          );
          socket.write(sent);
          await new Promise((resolve) => setTimeout(resolve, 5));
          socket[end]();
          socket.resume();
          await vi.waitUntil(() => socket.closed, { timeout: 20_000, interval: 5 });
          await fetch(`${server.http1.url}/nothing`);
          expect([served, end, server.calls]).toEqual([served, end, 0]);
        }
      }
    },
  );
});

import { StringValueSchema } from "@bufbuild/protobuf/wkt";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  type HandlerContext,
  type Transport,
} from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from "@connectrpc/connect-node";
import { createAdapter } from "@unblock/connect/adapter/adapter";
import { codeName } from "@unblock/connect/code-name";
import { type Http2Implementation, listen } from "@unblock/connect/listener/listener";
import { change, count, wish } from "@unblock/test/echo-schema";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

/** Work of the handler in a test. */
let act: (context: HandlerContext) => void | Promise<void> = () => {};
const lost: unknown[] = [];

function routes(router: ConnectRouter): void {
  router.rpc(change, async (_, context) => {
    await act(context);
    return {};
  });
  router.rpc(count, async function* (_, context) {
    await act(context);
    yield {};
  });
}

const adapter = createAdapter({ routes, onLost: (error) => lost.push(error) });
const serve = (http2: Http2Implementation) =>
  listen({ host: "127.0.0.1", port: 0, http2 }, adapter);
const listeners = { unblock: await serve("unblock"), node: await serve("node") };
afterAll(async () => {
  for (const listener of Object.values(listeners)) {
    listener.cut();
    await listener.drain();
  }
});

const versions = [
  { version: "1.1", http2: "unblock" },
  { version: "2", http2: "unblock" },
  { version: "2", http2: "node" },
] as const;
const protocols = ["grpc", "grpc-web", "connect"] as const;
type Protocol = (typeof protocols)[number];

function transportOf(
  protocol: Protocol,
  httpVersion: "1.1" | "2",
  http2: Http2Implementation,
): Transport {
  const options = { httpVersion, baseUrl: `http://127.0.0.1:${listeners[http2].port}` };
  switch (protocol) {
    case "grpc":
      return createGrpcTransport(options);
    case "grpc-web":
      return createGrpcWebTransport(options);
    case "connect":
      return createConnectTransport(options);
  }
}

const ways = versions.flatMap(({ version, http2 }) =>
  protocols
    .filter((protocol) => protocol !== "grpc" || version === "2")
    .flatMap((protocol) =>
      (["unary", "stream"] as const).map((kind) => ({ version, http2, protocol, kind })),
    ),
);
type Way = (typeof ways)[number];

/** Returns "ok" or the error of a call. */
async function call({ version, http2, protocol, kind }: Way): Promise<ConnectError | "ok"> {
  const transport = transportOf(protocol, version, http2);
  try {
    if (kind === "unary") {
      await transport.unary(change, undefined, 2_000, undefined, wish({}));
    } else {
      const input = (async function* () {
        yield wish({});
      })();
      const { message } = await transport.stream(count, undefined, 2_000, undefined, input);
      for await (const _ of message) {
        // Only the end matters.
      }
    }
    return "ok";
  } catch (error) {
    return ConnectError.from(error);
  }
}

async function outcomeOf(way: Way): Promise<string> {
  const outcome = await call(way);
  return outcome === "ok" ? "ok" : codeName(outcome.code);
}

/** Whether the body has trailers and error metadata, which may be anything there. */
function isInBody({ protocol, kind }: Way): boolean {
  return protocol === "grpc-web" || (protocol === "connect" && kind === "stream");
}

type Where = "header" | "trailer" | "error metadata";

function put(where: Where, name: string, value: string): typeof act {
  return ({ responseHeader, responseTrailer }) => {
    switch (where) {
      case "header":
        responseHeader.set(name, value);
        break;
      case "trailer":
        responseTrailer.set(name, value);
        break;
      case "error metadata":
        throw new ConnectError("no", Code.FailedPrecondition, { [name]: value });
    }
  };
}

const wheres: readonly Where[] = ["header", "trailer", "error metadata"];
const large = "x".repeat(100_000);

beforeAll(() => {
  lost.length = 0;
});

describe.each(ways)("HTTP/$version of $http2, $protocol, $kind", (way) => {
  describe.each(wheres)("in the %s", (where) => {
    const unchanged = where === "error metadata" ? "failed_precondition" : "ok";
    const spoilt = where !== "header" && isInBody(way) ? unchanged : "internal";

    test.each(["a\x01b", "\x1b[31m", "a\x7f"])("the value %j", async (value) => {
      act = put(where, "x-field", value);
      lost.length = 0;
      expect(await outcomeOf(way)).toBe(spoilt);
      expect(lost.length > 0).toBe(spoilt === "internal");
      act = put("header", "x-field", "a good one");
      expect(await outcomeOf(way)).toBe("ok");
    });

    test("100 kB", async () => {
      act = put(where, "x-field", large);
      expect(await outcomeOf(way)).toBe(spoilt);
    });

    test.each([
      ["connection", "close"],
      ["connection", "x-field"],
      ["content-length", "3"],
      ["http2-settings", "AAMAAABkAAQAAP__"],
      ["keep-alive", "timeout=5"],
      ["proxy-connection", "keep-alive"],
      ["te", "gzip"],
      ["trailer", "x-field"],
      ["transfer-encoding", "chunked"],
      ["upgrade", "h2c"],
    ])("%s: %s", async (name, value) => {
      act = put(where, name, value);
      expect(await outcomeOf(way)).toBe(unchanged);
    });
  });

  test("a field in the header and one in the trailer", async () => {
    act = (context) => {
      put("header", "x-field", "\x01")(context);
      put("trailer", "x-field", "\x01")(context);
    };
    expect(await outcomeOf(way)).toBe("internal");
  });

  test("a field in the header of a call that fails", async () => {
    act = (context) => {
      put("header", "x-field", "\x01")(context);
      throw new ConnectError("no", Code.FailedPrecondition);
    };
    expect(await outcomeOf(way)).toBe("internal");
  });

  test.each(["x", "ü", "✓", "\ud83d"])("a message of 100,000 times %j", async (character) => {
    const message = character.repeat(100_000);
    act = () => {
      throw new ConnectError(message, Code.FailedPrecondition);
    };
    const outcome = await call(way);
    expect(outcome).toMatchObject({ code: Code.FailedPrecondition });
    const start = message.slice(0, 1_000).toWellFormed();
    expect(outcome !== "ok" && outcome.rawMessage.startsWith(start)).toBe(true);
  });

  test("a detail of 100 kB", async () => {
    act = () => {
      const detail = { desc: StringValueSchema, value: { value: large } };
      throw new ConnectError("no", Code.FailedPrecondition, undefined, [detail]);
    };
    const isInTrailer = way.protocol === "grpc";
    expect(await outcomeOf(way)).toBe(isInTrailer ? "internal" : "failed_precondition");
  });

  test.each(["passed on", "copied"])("an error of another server: %s", async (how) => {
    let upstream: unknown;
    act = () => {
      throw new ConnectError("no", Code.FailedPrecondition, { "x-field": "saved" });
    };
    for (const other of ways.filter(({ http2 }) => http2 === "node")) {
      const error = await call(other);
      upstream =
        how === "copied" && error !== "ok"
          ? new ConnectError(error.rawMessage, error.code, error.metadata)
          : error;
      const before = act;
      act = () => {
        throw upstream;
      };
      expect(await outcomeOf(way)).toBe("failed_precondition");
      act = before;
    }
  });
});

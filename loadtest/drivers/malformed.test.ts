import { createServer as createHttp1Server } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import { callOnce } from "@unblock/test/call-driver";
import { count } from "@unblock/test/echo-schema";
import { listen, type TestEndpoint } from "@unblock/test/listen";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDriver, type DriverOptions } from "./create-driver.ts";
import { envelope } from "./wire.ts";

/** The response of a faulty server. */
interface FaultyResponse {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly trailers?: Readonly<Record<string, string>>;
  /** Whether the connection closes after the body, before the response's end. */
  readonly cut?: boolean;
}

let response: FaultyResponse = {};
let http1: TestEndpoint;
let http2: TestEndpoint;

beforeAll(async () => {
  http1 = await listen(
    createHttp1Server((request, outgoing) => {
      request.resume();
      const { status = 200, headers = {}, body = "", cut } = response;
      outgoing.writeHead(status, headers);
      if (cut) {
        outgoing.write(body, () => request.socket.destroy());
      } else {
        outgoing.end(body);
      }
    }),
  );
  const server = createHttp2Server();
  server.on("stream", (stream: ServerHttp2Stream) => {
    const { status = 200, headers = {}, body = "", trailers, cut } = response;
    stream.on("error", () => {});
    stream.resume();
    stream.respond({ ":status": status, ...headers }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers(trailers ?? {}));
    if (cut) {
      stream.write(body, () => stream.session?.destroy());
    } else {
      stream.end(body);
    }
  });
  http2 = await listen(server);
});
afterAll(async () => {
  await Promise.all([http1.close(), http2.close()]);
});

async function ask(
  options: Partial<DriverOptions> & Pick<DriverOptions, "protocol">,
  given: FaultyResponse,
  method?: typeof count,
): Promise<[code: string, message: string]> {
  response = given;
  const baseUrl = options.httpVersion === "1.1" ? http1.url : http2.url;
  const driver = createDriver({ baseUrl, ...options });
  try {
    await driver.connect();
    const { code, message } = await callOnce(driver, method === undefined ? {} : { method });
    return [code, message];
  } finally {
    driver.close();
  }
}

const codeOf = async (...args: Parameters<typeof ask>) => (await ask(...args))[0];

const message = envelope(Buffer.from("hello"));
const page = "<html>Not the service that you look for</html>";
const html = { "content-type": "text/html; charset=utf-8" };

describe.each([
  { protocol: "grpc", httpVersion: "2" },
  { protocol: "grpc-web", httpVersion: "2" },
  { protocol: "grpc-web", httpVersion: "1.1" },
  { protocol: "connect", httpVersion: "2" },
  { protocol: "connect", httpVersion: "1.1" },
] as const)("$protocol over HTTP/$httpVersion, when a proxy responds with a page", (options) => {
  test.each([
    [200, "unknown"],
    [400, "internal"],
    [401, "unauthenticated"],
    [403, "permission_denied"],
    [404, "unimplemented"],
    [418, "unknown"],
    [429, "unavailable"],
    [500, "unknown"],
    [502, "unavailable"],
    [503, "unavailable"],
    [504, "unavailable"],
  ])("maps HTTP status %d to %s", async (status, code) => {
    expect(await codeOf(options, { status, headers: html, body: page })).toBe(code);
  });

  test("maps a status without a content-type", async () => {
    expect(await codeOf(options, { status: 503 })).toBe("unavailable");
  });

  test("is unavailable when the response is incomplete", async () => {
    expect(await codeOf(options, { headers: html, body: page, cut: true })).toBe("unavailable");
  });
});

describe("gRPC", () => {
  const grpc = { protocol: "grpc" } as const;
  const headers = { "content-type": "application/grpc+proto" };

  test.each(["application/grpc", "application/grpc+proto", "Application/gRPC; charset=utf-8"])(
    "accepts a response of %s",
    async (contentType) => {
      const given = {
        headers: { "content-type": contentType },
        body: message,
        trailers: { "grpc-status": "0" },
      };
      expect(await ask(grpc, given)).toEqual(["ok", ""]);
    },
  );

  test.each(["application/grpc+json", "application/grpc+thrift"])(
    "rejects a response of %s",
    async (contentType) => {
      const given = { headers: { "content-type": contentType }, trailers: { "grpc-status": "0" } };
      expect(await codeOf(grpc, given)).toBe("internal");
    },
  );

  test("reads the status from the header of a response without messages", async () => {
    const given = { headers: { ...headers, "grpc-status": "5", "grpc-message": "no%20such" } };
    expect(await ask(grpc, given)).toEqual(["not_found", "no such"]);
  });

  test("reads the status of a response with a wrong HTTP status and content-type", async () => {
    const given = { status: 404, headers: { "grpc-status": "7", "grpc-message": "no%" } };
    expect(await ask(grpc, given)).toEqual(["permission_denied", "no%"]);
  });

  test("is internal without a status", async () => {
    expect(await codeOf(grpc, { headers, body: message })).toBe("internal");
    const trailers = { "grpc-message": "hm" };
    expect(await codeOf(grpc, { headers, body: message, trailers })).toBe("internal");
  });

  test("has the code of the HTTP status without a status", async () => {
    expect(await codeOf(grpc, { status: 503, headers })).toBe("unavailable");
  });

  test("is internal with OK and no message", async () => {
    expect(await codeOf(grpc, { headers, trailers: { "grpc-status": "0" } })).toBe("internal");
  });

  test("is internal with OK and half a message", async () => {
    const given = { headers, body: message.subarray(0, 7), trailers: { "grpc-status": "0" } };
    expect(await codeOf(grpc, given)).toBe("internal");
  });

  test("has the status of a failure with half a message", async () => {
    const trailers = { "grpc-status": "8", "grpc-message": "full" };
    const given = { headers, body: message.subarray(0, 7), trailers };
    expect(await ask(grpc, given)).toEqual(["resource_exhausted", "full"]);
  });

  test("is internal with a compressed message", async () => {
    const body = Buffer.from(message);
    body[0] = 1;
    expect(await codeOf(grpc, { headers, body, trailers: { "grpc-status": "0" } })).toBe(
      "internal",
    );
  });

  test("is unknown with an undefined status", async () => {
    const given = { headers, body: message, trailers: { "grpc-status": "soso" } };
    expect(await codeOf(grpc, given)).toBe("unknown");
  });

  test("is unavailable when the response is incomplete", async () => {
    expect(await codeOf(grpc, { headers, body: message, cut: true })).toBe("unavailable");
  });
});

describe.each(["1.1", "2"] as const)("Connect over HTTP/%s", (httpVersion) => {
  const connect = { protocol: "connect", httpVersion } as const;
  const json = { "content-type": "application/json" };

  test.each([
    ['{"code":"aborted","message":"böse ✓"}', "aborted", "böse ✓"],
    ['{"code":"aborted"}', "aborted", ""],
    ['{"code":"strange","message":"no"}', "unavailable", "no"],
    ['{"code":5,"message":6}', "unavailable", ""],
    ["{}", "unavailable", ""],
    ["[]", "unavailable", undefined],
    ["null", "unavailable", undefined],
    ['{"code":"aborted"', "unavailable", undefined],
    ["", "unavailable", undefined],
  ])("maps status 503 and %s to %s", async (body, code, message) => {
    const [gotCode, gotMessage] = await ask(connect, { status: 503, headers: json, body });
    expect(gotCode).toBe(code);
    if (message !== undefined) {
      expect(gotMessage).toBe(message);
    }
  });

  test("reads errors up to 64 KiB", async () => {
    const error = (length: number) => {
      const empty = JSON.stringify({ code: "aborted", message: "" }).length;
      return JSON.stringify({ code: "aborted", message: "x".repeat(length - empty) });
    };
    const given = { status: 503, headers: json };
    expect(await codeOf(connect, { ...given, body: error(65_536) })).toBe("aborted");
    expect(await codeOf(connect, { ...given, body: error(65_537) })).toBe("unavailable");
  });

  test("accepts a content-type with a charset", async () => {
    const headers = { "content-type": "application/json; charset=utf-8" };
    const body = '{"code":"not_found","message":"none"}';
    expect(await ask(connect, { status: 404, headers, body })).toEqual(["not_found", "none"]);
    expect(await ask({ ...connect, codec: "json" }, { headers, body: "{}" })).toEqual(["ok", ""]);
  });

  test("is internal with a response in another codec", async () => {
    expect(await codeOf(connect, { headers: json, body: "{}" })).toBe("internal");
  });

  test("is internal with a compressed response", async () => {
    const headers = { "content-type": "application/proto", "content-encoding": "gzip" };
    expect(await codeOf(connect, { headers, body: "zzz" })).toBe("internal");
  });

  test("has the code of the HTTP status when a stream gets a unary error", async () => {
    const given = { status: 404, headers: json, body: '{"code":"not_found"}' };
    expect(await codeOf(connect, given, count)).toBe("unimplemented");
  });

  test("is unavailable when a stream is incomplete", async () => {
    const headers = { "content-type": "application/connect+proto" };
    expect(await codeOf(connect, { headers, body: message, cut: true }, count)).toBe("unavailable");
  });
});

describe.each(["1.1", "2"] as const)("gRPC-Web over HTTP/%s", (httpVersion) => {
  const web = { protocol: "grpc-web", httpVersion } as const;
  const headers = { "content-type": "application/grpc-web+proto" };

  test("reads the status from the header of a response without messages", async () => {
    const given = { headers: { ...headers, "grpc-status": "5", "grpc-message": "no%20such" } };
    expect(await ask(web, given)).toEqual(["not_found", "no such"]);
  });

  test("is internal without trailers", async () => {
    expect(await codeOf(web, { headers, body: message })).toBe("internal");
  });
});

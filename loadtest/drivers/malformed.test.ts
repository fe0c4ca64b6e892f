import { createServer as createHttp1Server } from "node:http";
import { createServer as createHttp2Server, type ServerHttp2Stream } from "node:http2";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callOnce } from "../../testing/call-driver.ts";
import { count } from "../../testing/echo-schema.ts";
import { listen, type TestEndpoint } from "../../testing/listen.ts";
import { createDriver, type DriverOptions } from "./create-driver.ts";
import { envelope } from "./wire.ts";

/** A response as a faulty server makes it. */
interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly trailers?: Readonly<Record<string, string>>;
  /** Cuts the connection after the body, before the answer's end. */
  readonly cut?: boolean;
}

let answer: Answer = {};
let http1: TestEndpoint;
let http2: TestEndpoint;

beforeAll(async () => {
  http1 = await listen(
    createHttp1Server((request, response) => {
      request.resume();
      const { status = 200, headers = {}, body = "", cut } = answer;
      response.writeHead(status, headers);
      if (cut) {
        response.write(body, () => request.socket.destroy());
      } else {
        response.end(body);
      }
    }),
  );
  const server = createHttp2Server();
  server.on("stream", (stream: ServerHttp2Stream) => {
    const { status = 200, headers = {}, body = "", trailers, cut } = answer;
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
  given: Answer,
  method?: typeof count,
): Promise<[code: string, message: string]> {
  answer = given;
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

const message = envelope(Buffer.from("hello"));
const page = "<html>Not the service that you look for</html>";
const html = { "content-type": "text/html; charset=utf-8" };

describe.each([
  { protocol: "grpc", httpVersion: "2" },
  { protocol: "grpc-web", httpVersion: "2" },
  { protocol: "grpc-web", httpVersion: "1.1" },
  { protocol: "connect", httpVersion: "2" },
  { protocol: "connect", httpVersion: "1.1" },
] as const)("$protocol over HTTP/$httpVersion, when a proxy answers with a page", (options) => {
  const usual = {
    grpc: "application/grpc+proto",
    "grpc-web": "application/grpc-web+proto",
    connect: "application/proto",
  }[options.protocol];

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
  ])("with HTTP status %d the code is %s", async (status, code) => {
    expect(await ask(options, { status, headers: html, body: page })).toEqual([
      code,
      `Expected content-type ${usual}, got "text/html; charset=utf-8" with HTTP status ${status}`,
    ]);
  });

  test("without a content-type it says so", async () => {
    expect(await ask(options, { status: 503 })).toEqual([
      "unavailable",
      `Expected content-type ${usual}, got none with HTTP status 503`,
    ]);
  });

  test("that breaks off is unavailable", async () => {
    const [code] = await ask(options, { headers: html, body: page, cut: true });
    expect(code).toBe("unavailable");
  });
});

describe("gRPC", () => {
  const grpc = { protocol: "grpc" } as const;
  const headers = { "content-type": "application/grpc+proto" };

  test.each(["application/grpc", "application/grpc+proto", "Application/gRPC; charset=utf-8"])(
    "takes an answer of %s",
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
    "does not take an answer of %s",
    async (contentType) => {
      const given = { headers: { "content-type": contentType }, trailers: { "grpc-status": "0" } };
      expect(await ask(grpc, given)).toEqual([
        "internal",
        `Expected content-type application/grpc+proto, got "${contentType}" with HTTP status 200`,
      ]);
    },
  );

  test("reads a status from the header when there is nothing else", async () => {
    const given = { headers: { ...headers, "grpc-status": "5", "grpc-message": "no%20such" } };
    expect(await ask(grpc, given)).toEqual(["not_found", "no such"]);
  });

  test("takes the status of a server that forgets the rest", async () => {
    const given = { status: 404, headers: { "grpc-status": "7", "grpc-message": "no%" } };
    expect(await ask(grpc, given)).toEqual(["permission_denied", "no%"]);
  });

  test("without a status is internal", async () => {
    expect(await ask(grpc, { headers, body: message })).toEqual([
      "internal",
      "Expected a status in the trailers, got none with HTTP status 200",
    ]);
    const trailers = { "grpc-message": "hm" };
    expect((await ask(grpc, { headers, body: message, trailers }))[0]).toBe("internal");
  });

  test("without a status has the code of the HTTP status", async () => {
    expect(await ask(grpc, { status: 503, headers })).toEqual([
      "unavailable",
      "Expected a status in the trailers, got none with HTTP status 503",
    ]);
  });

  test("with OK and no message is internal", async () => {
    expect(await ask(grpc, { headers, trailers: { "grpc-status": "0" } })).toEqual([
      "internal",
      "Expected one message, got 0",
    ]);
  });

  test("with OK and half a message is internal", async () => {
    const given = { headers, body: message.subarray(0, 7), trailers: { "grpc-status": "0" } };
    expect(await ask(grpc, given)).toEqual([
      "internal",
      "The response ended inside a message, 3 bytes before its end",
    ]);
  });

  test("with a failure and half a message is the failure", async () => {
    const trailers = { "grpc-status": "8", "grpc-message": "full" };
    const given = { headers, body: message.subarray(0, 7), trailers };
    expect(await ask(grpc, given)).toEqual(["resource_exhausted", "full"]);
  });

  test("with a compressed message is internal", async () => {
    const body = Buffer.from(message);
    body[0] = 1;
    expect(await ask(grpc, { headers, body, trailers: { "grpc-status": "0" } })).toEqual([
      "internal",
      "Expected plain messages, got a compressed one, unasked",
    ]);
  });

  test("with a status that nobody knows is unknown", async () => {
    const given = { headers, body: message, trailers: { "grpc-status": "soso" } };
    expect(await ask(grpc, given)).toEqual([
      "unknown",
      'Expected grpc-status to be from 0 to 16, got "soso"',
    ]);
  });

  test("that breaks off is unavailable", async () => {
    const [code] = await ask(grpc, { headers, body: message, cut: true });
    expect(code).toBe("unavailable");
  });
});

describe.each(["1.1", "2"] as const)("Connect over HTTP/%s", (httpVersion) => {
  const connect = { protocol: "connect", httpVersion } as const;
  const json = { "content-type": "application/json" };
  const noError = "Expected an error of Connect as JSON, got something else with HTTP status 503";

  test.each([
    ['{"code":"aborted","message":"böse ✓"}', "aborted", "böse ✓"],
    ['{"code":"aborted"}', "aborted", ""],
    ['{"code":"strange","message":"no"}', "unavailable", "no"],
    ['{"code":5,"message":6}', "unavailable", ""],
    ["{}", "unavailable", ""],
    ["[]", "unavailable", noError],
    ["null", "unavailable", noError],
    ['{"code":"aborted"', "unavailable", noError],
    ["", "unavailable", noError],
  ])("with status 503 and %s is %s", async (body, code, said) => {
    expect(await ask(connect, { status: 503, headers: json, body })).toEqual([code, said]);
  });

  test("keeps no more than 64 KiB of an error", async () => {
    const error = (length: number) => {
      const empty = JSON.stringify({ code: "aborted", message: "" }).length;
      return JSON.stringify({ code: "aborted", message: "x".repeat(length - empty) });
    };
    const given = { status: 503, headers: json };
    expect((await ask(connect, { ...given, body: error(65_536) }))[0]).toBe("aborted");
    expect(await ask(connect, { ...given, body: error(65_537) })).toEqual(["unavailable", noError]);
  });

  test("reads the error of a server that counts its charset in", async () => {
    const headers = { "content-type": "application/json; charset=utf-8" };
    const body = '{"code":"not_found","message":"none"}';
    expect(await ask(connect, { status: 404, headers, body })).toEqual(["not_found", "none"]);
    expect(await ask({ ...connect, codec: "json" }, { headers, body: "{}" })).toEqual(["ok", ""]);
  });

  test("with another codec's answer is internal", async () => {
    expect(await ask(connect, { headers: json, body: "{}" })).toEqual([
      "internal",
      'Expected content-type application/proto, got "application/json" with HTTP status 200',
    ]);
  });

  test("with a compressed answer is internal", async () => {
    const headers = { "content-type": "application/proto", "content-encoding": "gzip" };
    expect(await ask(connect, { headers, body: "zzz" })).toEqual([
      "internal",
      "Expected a plain response, got one in gzip, unasked",
    ]);
  });

  test("a stream's answer that is an error of a unary call has the code of its status", async () => {
    const given = { status: 404, headers: json, body: '{"code":"not_found"}' };
    expect(await ask(connect, given, count)).toEqual([
      "unimplemented",
      'Expected content-type application/connect+proto, got "application/json" with HTTP status 404',
    ]);
  });

  test("a stream that breaks off is unavailable", async () => {
    const headers = { "content-type": "application/connect+proto" };
    const [code] = await ask(connect, { headers, body: message, cut: true }, count);
    expect(code).toBe("unavailable");
  });
});

describe.each(["1.1", "2"] as const)("gRPC-Web over HTTP/%s", (httpVersion) => {
  const web = { protocol: "grpc-web", httpVersion } as const;
  const headers = { "content-type": "application/grpc-web+proto" };

  test("reads a status from the header when there is nothing else", async () => {
    const given = { headers: { ...headers, "grpc-status": "5", "grpc-message": "no%20such" } };
    expect(await ask(web, given)).toEqual(["not_found", "no such"]);
  });

  test("without trailers is internal", async () => {
    expect(await ask(web, { headers, body: message })).toEqual([
      "internal",
      "Expected a status in the trailers, got none with HTTP status 200",
    ]);
  });
});

import { gzipSync } from "node:zlib";
import { frame } from "@unblock/test/fuzz/envelopes";
import { judge } from "@unblock/test/fuzz/judge";
import { openHttp2, type RawConnection } from "@unblock/test/fuzz/raw-connection";
import { targets } from "@unblock/test/fuzz/targets";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

let server: TestServer;
let connection: RawConnection;
beforeAll(async () => {
  server = await startTestServer();
  connection = openHttp2(server.url);
});
afterAll(async () => {
  connection.close();
  await server.close();
});

const weather = "unblock.v1.ExercisesService/GetWeather";
const watch = "grpc.health.v1.Health/Watch";
/** A binary message with a string that has invalid UTF-8. */
const binary = Buffer.from([0x0a, 0x04, 0x61, 0xff, 0xfe, 0x62]);
const jsonOf = (field: string, text: string) => Buffer.from(`{"${field}":"${text}"}`, "latin1");

/** Sends one message, and returns code and message of the response. */
async function send(rpc: string, type: string, message: Uint8Array, headers = {}, flags = 0) {
  const target = targets.find(({ path }) => path === `/${rpc}`);
  if (target === undefined) {
    throw new Error(`Expected an RPC of the server, got ${rpc}`);
  }
  const isFramed = !/^application\/(proto|json)$/.test(type);
  const framing = { envelopes: [{ flags, extraLength: 0 }], missing: 0, rest: Buffer.alloc(0) };
  const reply = await connection.send({
    method: "POST",
    path: target.path,
    headers: {
      "content-type": type,
      "grpc-timeout": "5S",
      "connect-timeout-ms": "5000",
      ...headers,
    },
    body: isFramed ? frame(framing, message) : message,
  });
  const { code, message: said } = judge(reply, target);
  return { code, said };
}

describe.each([
  [weather, "application/proto", binary],
  [weather, "application/json", jsonOf("city", "a\xff\xfeb")],
  [weather, "application/grpc", binary],
  [weather, "application/grpc+json", jsonOf("city", "a\xff\xfeb")],
  [weather, "application/grpc-web+proto", binary],
  [weather, "application/grpc-web+json", jsonOf("city", "a\xff\xfeb")],
  [watch, "application/connect+proto", binary],
  [watch, "application/connect+json", jsonOf("service", "a\xff\xfeb")],
  [watch, "application/grpc", binary],
  [watch, "application/grpc+json", jsonOf("service", "a\xff\xfeb")],
  [watch, "application/grpc-web+proto", binary],
  [watch, "application/grpc-web+json", jsonOf("service", "a\xff\xfeb")],
])("%s as %s", (rpc, type, message) => {
  test("rejects a string with invalid UTF-8", async () => {
    expect(await send(rpc, type, message)).toMatchObject({ code: "invalid_argument" });
  });

  test("rejects a truncated compressed message", async () => {
    const headers = {
      "content-encoding": "gzip",
      "connect-content-encoding": "gzip",
      "grpc-encoding": "gzip",
    };
    expect(await send(rpc, type, gzipSync("x").subarray(0, 15), headers, 1)).toMatchObject({
      code: "invalid_argument",
    });
  });
});

test.each([
  [weather, "application/json", "city"],
  [weather, "application/grpc+json", "city"],
  [watch, "application/connect+json", "service"],
  [watch, "application/grpc+json", "service"],
  [watch, "application/grpc-web+json", "service"],
])(
  "%s as %s rejects JSON that is not an object, and quotes half a character",
  async (rpc, type, field) => {
    const { code, said } = await send(rpc, type, Buffer.from(`"\\ud800 is no ${field}"`));
    expect(code).toBe("invalid_argument");
    expect(said).toContain(`is no ${field}`);
  },
);

test("logs none of them", () => {
  expect(server.logged).toEqual([]);
});

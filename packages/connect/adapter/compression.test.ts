import { createServer, request } from "node:http";
import { buffer } from "node:stream/consumers";
import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  gunzipSync,
  gzipSync,
} from "node:zlib";
import { change } from "@unblock/test/echo-schema";
import { listen, type TestEndpoint } from "@unblock/test/listen";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createAdapter } from "./adapter.ts";
import { firstPartBytes } from "./compression.ts";

const brotli = (quality: number) => (plain: Uint8Array) =>
  brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } });

/** Text that each level compresses differently. */
const text = Array.from({ length: 500 }, (_, at) => `${at} squared is ${at * at}`).join("\n");

describe("a response", () => {
  let server: TestEndpoint;
  beforeAll(async () => {
    const { handleRequest } = createAdapter({
      routes: (router) => {
        router.rpc(change, () => ({ data: Buffer.from(text) }));
      },
    });
    server = await listen(createServer(handleRequest));
  });
  afterAll(() => server.close());

  /** Returns the compressed body of a response. */
  const fetchBody = (encoding: string) =>
    new Promise<Buffer>((resolve, reject) => {
      const call = request(
        `${server.url}/${change.parent.typeName}/${change.name}`,
        {
          method: "POST",
          headers: { "content-type": "application/json", "accept-encoding": encoding },
        },
        (response) => {
          expect(response.headers["content-encoding"]).toBe(encoding);
          buffer(response).then(resolve, reject);
        },
      );
      call.on("error", reject);
      call.end("{}");
    });

  test.each([
    ["br", brotliDecompressSync, brotli(4), brotli(11)],
    ["gzip", gunzipSync, (plain: Uint8Array) => gzipSync(plain, { level: 4 }), gzipSync],
  ])("is compressed with %s at level 4", async (encoding, decompress, low, usual) => {
    const sent = await fetchBody(encoding);
    const plain = decompress(sent);
    expect(JSON.parse(plain.toString()).data).toBe(Buffer.from(text).toString("base64"));
    expect(sent.equals(low(plain))).toBe(true);
    expect(sent.equals(usual(plain))).toBe(false);
  });
});

const compress = (bytes: number, windowBits: number) =>
  brotliCompressSync(Buffer.alloc(bytes, 97), {
    params: { [constants.BROTLI_PARAM_LGWIN]: windowBits },
  });

describe("firstPartBytes", () => {
  test.each([10, 16, 17, 18, 22, 24])("reads the announced size with window %i", (windowBits) => {
    for (const bytes of [1, 100, 65_536, 65_537]) {
      expect(firstPartBytes(compress(bytes, windowBits))).toBe(bytes);
    }
  });

  test("reads the size of the first part only", () => {
    const bytes = 4 * 1024 * 1024;
    expect(firstPartBytes(compress(bytes, 22))).toBe(bytes);
    expect(firstPartBytes(compress(bytes, 18))).toBeLessThan(bytes);
  });

  test.each([
    ["an empty stream", compress(0, 22)],
    ["a part without data", Uint8Array.of(0x6b, 0)],
  ])("returns undefined for %s", (_, stream) => {
    expect(firstPartBytes(stream)).toBeUndefined();
  });
});

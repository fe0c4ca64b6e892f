import { request } from "node:http";
import { buffer } from "node:stream/consumers";
import {
  brotliCompressSync,
  brotliDecompressSync,
  constants,
  gunzipSync,
  gzipSync,
} from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startTestServer, type TestServer } from "../../testing/test-server.ts";

const brotli = (quality: number) => (plain: Uint8Array) =>
  brotliCompressSync(plain, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } });

describe.each([true, false])("a response, on the fast path: %s", (directLane) => {
  let server: TestServer;
  beforeAll(async () => {
    const small = { cpuWorkers: 1, blockingThreads: 1, processes: 1 };
    server = await startTestServer({ ...small, directLane });
  });
  afterAll(() => server.close());

  /** The bytes of a response, as they came. */
  const vitals = (encoding: string) =>
    new Promise<Buffer>((resolve, reject) => {
      const call = request(
        `${server.url}/unblock.v1.VitalsService/GetVitals`,
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
    const sent = await vitals(encoding);
    const plain = decompress(sent);
    expect(JSON.parse(plain.toString())).toHaveProperty("places");
    expect(sent.equals(low(plain))).toBe(true);
    expect(sent.equals(usual(plain))).toBe(false);
  });
});

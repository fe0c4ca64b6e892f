import { buffer } from "node:stream/consumers";
import { createDeflate } from "node:zlib";
import { type PictureHost, servePictures } from "@unblock/test/picture-host";
import { pngFileOf, pngHeader } from "@unblock/test/png";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const mebibyte = 1024 * 1024;
/** Size of an inflated bomb. */
const inflatedMb = 600;
/** Max memory growth of a call; an inflated bomb takes several times that. */
const harmlessMb = 150;

const bomb = await deflateZeros(inflatedMb);
const size = { width: 80, height: 80 };

const bombs: Record<string, Buffer> = {
  "/small": pngFileOf([pngHeader(size)], bomb),
  "/one-pixel": pngFileOf([pngHeader({ width: 1, height: 1 })], bomb),
  "/largest": pngFileOf([pngHeader({ width: 1024, height: 1024 })], bomb),
};
/** The decoder uses the second header. */
const bombsWithTwoHeaders: Record<string, Buffer> = {
  "/interlaced": pngFileOf([pngHeader(size), pngHeader({ ...size, interlace: 1 })], bomb),
  "/huge": pngFileOf([pngHeader(size), pngHeader({ width: 14_000, height: 14_000 })], bomb),
};

/** Built in pieces, so that building it does not take the memory that inflating would. */
async function deflateZeros(megabytes: number): Promise<Buffer> {
  const deflate = createDeflate({ level: 9 });
  const zeros = Buffer.alloc(mebibyte);
  const deflated = buffer(deflate);
  for (let written = 0; written < megabytes; written++) {
    await new Promise((resolve) => deflate.write(zeros, resolve));
  }
  deflate.end();
  return deflated;
}

/** Peak memory of this process, which contains the server. */
const peakMb = () => process.resourceUsage().maxRSS / 1024;

describe("a small PNG that inflates to hundreds of megabytes", () => {
  let host: PictureHost;
  let server: TestServer;
  beforeAll(async () => {
    const all = Object.entries({ ...bombs, ...bombsWithTwoHeaders });
    host = await servePictures(Object.fromEntries(all.map(([path, body]) => [path, { body }])));
    server = await startTestServer({ imageHosts: { "pictures.test": host.url } });
  });
  afterAll(() => Promise.all([server.close(), host.close()]));

  /** Growth of the peak memory by one picture. */
  async function growthMb(path: string, strategy: string): Promise<number> {
    const beforeMb = peakMb();
    const request = { image_url: `http://pictures.test${path}` };
    const reply = await server.call("PredictImage", request, { strategy });
    expect(reply).toMatchObject({ code: "invalid_argument" });
    return peakMb() - beforeMb;
  }

  test.each(Object.keys(bombs))("is small: %s", async (path) => {
    expect(bombs[path]?.length).toBeLessThan(2 * mebibyte);
  });

  describe.each(["cpu-pool", "blocking-pool", "event-loop"])("with %s", (strategy) => {
    test.each(Object.keys(bombs))("is rejected and stays small: %s", async (path) => {
      expect(await growthMb(path, strategy)).toBeLessThan(harmlessMb);
    });
  });

  // One strategy is enough, because the peak never falls.
  test.each(Object.keys(bombsWithTwoHeaders))(
    "is rejected and stays small, with a second header: %s",
    async (path) => {
      expect(await growthMb(path, "cpu-pool")).toBeLessThan(harmlessMb);
    },
  );
});

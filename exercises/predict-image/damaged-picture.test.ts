import { deflateSync } from "node:zlib";
import { encodePng, pictureFor } from "@unblock/backends/embedded/pictures/pictures";
import { type PictureHost, servePictures } from "@unblock/test/picture-host";
import {
  blackRows,
  pngChunk,
  pngFile,
  pngFileOf,
  pngHeader,
  pngSignature,
} from "@unblock/test/png";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const png = encodePng(pictureFor("/cat.png"));
const size = { width: 80, height: 80 };
const rows = blackRows(size);

/** The picture with one bit of byte `index` flipped; a negative index counts from the end. */
function withDamage(index: number): Buffer {
  const damaged = Buffer.from(png);
  const at = index < 0 ? png.length + index : index;
  damaged.writeUInt8(damaged.readUInt8(at) ^ 1, at);
  return damaged;
}

const notPng = { error: "UNBLOCK_IMAGE_NO_PNG" };
const unsupported = (got: string) => ({ error: "UNBLOCK_PNG_UNSUPPORTED", data: { got } });
const damaged = { error: "UNBLOCK_PNG_DAMAGED" };

const headerBytes = 29;
const pictures: Record<string, { readonly body: Buffer; readonly expected: object }> = {
  "one byte": { body: png.subarray(0, 1), expected: notPng },
  "its signature alone": { body: pngSignature, expected: damaged },
  "all but the header's last byte": { body: png.subarray(0, headerBytes - 1), expected: damaged },
  "the header alone": { body: png.subarray(0, headerBytes), expected: damaged },
  "a hundred bytes of it": { body: png.subarray(0, 100), expected: damaged },
  "half of it": { body: png.subarray(0, png.length / 2), expected: damaged },
  "all but its end chunk": { body: png.subarray(0, -12), expected: damaged },
  "all but its last byte": { body: png.subarray(0, -1), expected: damaged },
  "another signature": { body: withDamage(0), expected: notPng },
  "a wrong checksum of the header": { body: withDamage(headerBytes), expected: damaged },
  "a wrong bit in the pixels": { body: withDamage(png.length / 2), expected: damaged },
  "a wrong checksum of the end": { body: withDamage(-1), expected: damaged },
  "60000 × 60000 in the header": {
    body: pngFile([pngHeader({ width: 60_000, height: 60_000 })], rows),
    expected: unsupported("60000 × 60000"),
  },
  "a side over 1024": {
    body: pngFile([pngHeader({ width: 1, height: 1025 })], rows),
    expected: unsupported("1 × 1025"),
  },
  "no pixels": {
    body: pngFile([pngHeader({ width: 0, height: 80 })], rows),
    expected: unsupported("0 × 80"),
  },
  interlaced: {
    body: pngFile([pngHeader({ ...size, interlace: 1 })], rows),
    expected: unsupported("80 × 80, interlaced"),
  },
  "a filter that there is not": {
    body: pngFile([pngHeader(size)], Buffer.alloc(rows.length, 9)),
    expected: damaged,
  },
};
/** A careless decoder would read the missing bytes from old memory. */
const missingPixels: Record<string, Buffer> = {
  "no pixel data": Buffer.concat([pngSignature, pngHeader(size), pngChunk("IEND")]),
  "pixels that are not deflated": pngFileOf([pngHeader(size)], rows),
  "half of its rows": pngFile([pngHeader(size)], rows.subarray(0, rows.length / 2)),
  "pixel data that ends in the middle": pngFileOf(
    [pngHeader(size)],
    deflateSync(rows).subarray(0, -8),
  ),
};
const bodies: Record<string, Buffer> = {
  "nothing wrong": pngFile([pngHeader(size)], rows),
  ...missingPixels,
};
for (const [name, { body }] of Object.entries(pictures)) {
  bodies[name] = body;
}

const path = (name: string) => `/${encodeURIComponent(name)}`;

describe("a PNG with", () => {
  let host: PictureHost;
  let server: TestServer;
  beforeAll(async () => {
    host = await servePictures(
      Object.fromEntries(Object.entries(bodies).map(([name, body]) => [path(name), { body }])),
    );
    server = await startTestServer({ imageHosts: { "pictures.test": host.url } });
  });
  afterAll(() => Promise.all([server.close(), host.close()]));

  const predict = (name: string, strategy: string) =>
    server.call("PredictImage", { image_url: `http://pictures.test${path(name)}` }, { strategy });

  describe.each(["cpu-pool", "blocking-pool", "event-loop"])("by %s:", (strategy) => {
    test("nothing wrong is classified", async () => {
      expect(await predict("nothing wrong", strategy)).toMatchObject({ code: "ok" });
    });

    test.each(Object.entries(pictures))("%s is rejected", async (name, { expected }) => {
      expect(await predict(name, strategy)).toMatchObject({
        code: "invalid_argument",
        ...expected,
      });
      expect(server.logged).toEqual([]);
    });

    test.each(Object.keys(missingPixels))("%s is rejected", async (name) => {
      expect(await predict(name, strategy)).toMatchObject({
        code: "invalid_argument",
        // Old memory would often give an invalid filter, which is not the picture's problem.
        message: expect.not.stringContaining("filter"),
      });
    });
  });
});

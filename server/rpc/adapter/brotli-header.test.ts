import { brotliCompressSync, constants } from "node:zlib";
import { expect, test } from "vitest";
import { firstPartBytes } from "./brotli-header.ts";

const compress = (bytes: number, windowBits: number) =>
  brotliCompressSync(Buffer.alloc(bytes, 97), {
    params: { [constants.BROTLI_PARAM_LGWIN]: windowBits },
  });

test.each([10, 16, 17, 18, 22, 24])("reads the length of a part with window %i", (windowBits) => {
  for (const bytes of [1, 100, 65_536, 65_537]) {
    expect(firstPartBytes(compress(bytes, windowBits))).toBe(bytes);
  }
});

test("reads only the first part's length, which the window bounds", () => {
  const bytes = 4 * 1024 * 1024;
  expect(firstPartBytes(compress(bytes, 22))).toBe(bytes);
  expect(firstPartBytes(compress(bytes, 18))).toBeLessThan(bytes);
});

test.each([
  ["an empty stream", compress(0, 22)],
  ["a part without data", Uint8Array.of(0x6b, 0)],
])("says nothing of %s", (_, stream) => {
  expect(firstPartBytes(stream)).toBeUndefined();
});

import { PNG } from "pngjs";
import { expect, it } from "vitest";
import { drawPicture, encodePng } from "./pictures.ts";

it("encodes a PNG that decodes to the same pixels", () => {
  const picture = drawPicture({ animal: "dog", seed: 7 });
  const decoded = PNG.sync.read(encodePng(picture));
  expect([decoded.width, decoded.height]).toEqual([80, 80]);
  // pngjs decodes to four bytes a pixel, the last of which is alpha.
  const rgb = decoded.data.filter((_, index) => index % 4 < 3);
  expect(Buffer.from(rgb).equals(Buffer.from(picture.rgb))).toBe(true);
});

import { PNG } from "pngjs";
import { describe, expect, it } from "vitest";
import { type Animal, drawPicture, encodePng, pictureFor } from "./pictures.ts";
import { testSeeds, trainingSeeds } from "./seeds.ts";

const animals: Animal[] = ["cat", "dog"];

describe("drawPicture", () => {
  it("draws 80×80 pixels of 3 bytes", () => {
    const { width, height, rgb } = drawPicture({ animal: "cat", seed: 1 });
    expect([width, height, rgb.length]).toEqual([80, 80, 80 * 80 * 3]);
  });

  it("draws the same bytes for the same seed, others for another", () => {
    for (const animal of animals) {
      const picture = drawPicture({ animal, seed: 1 });
      expect(drawPicture({ animal, seed: 1 })).toEqual(picture);
      expect(drawPicture({ animal, seed: 2 })).not.toEqual(picture);
    }
  });

  it("draws a cat and a dog of one seed differently", () => {
    const seed = 1;
    expect(drawPicture({ animal: "cat", seed })).not.toEqual(drawPicture({ animal: "dog", seed }));
  });

  it("does not give the animal away by the mean colour", () => {
    const centres = animals.map((animal) =>
      meanOf(range(trainingSeeds.first, 200).map((seed) => meanColour(animal, seed))),
    );
    let right = 0;
    for (const seed of range(testSeeds.first, 100)) {
      for (const [label, animal] of animals.entries()) {
        const colour = meanColour(animal, seed);
        const distances = centres.map((centre) => distance(colour, centre));
        if (distances.indexOf(Math.min(...distances)) === label) right += 1;
      }
    }
    expect(right / 200).toBeLessThan(0.6);
  });
});

function range(first: number, length: number): number[] {
  return Array.from({ length }, (_, index) => first + index);
}

function meanColour(animal: Animal, seed: number): number[] {
  const { rgb } = drawPicture({ animal, seed });
  const sums = [0, 0, 0];
  for (const [index, value] of rgb.entries()) sums[index % 3] = (sums[index % 3] ?? 0) + value;
  return sums.map((sum) => (sum * 3) / rgb.length);
}

function meanOf(colours: number[][]): number[] {
  return [0, 1, 2].map(
    (channel) => colours.reduce((sum, colour) => sum + (colour[channel] ?? 0), 0) / colours.length,
  );
}

function distance(first: number[], second: number[]): number {
  return Math.hypot(...first.map((value, channel) => value - (second[channel] ?? 0)));
}

describe("pictureFor", () => {
  it("gives the animal that the path names", () => {
    expect(pictureFor("/images/Cat-1.png").animal).toBe("cat");
    expect(pictureFor("/images/dog.png").animal).toBe("dog");
  });

  it("gives a cat for /img.jpg", () => {
    expect(pictureFor("/img.jpg").animal).toBe("cat");
  });

  it("gives about as many cats as dogs for other paths", () => {
    const paths = Array.from({ length: 100 }, (_, index) => `/${index}.png`);
    const cats = paths.filter((path) => pictureFor(path).animal === "cat").length;
    expect(cats).toBeGreaterThan(30);
    expect(cats).toBeLessThan(70);
  });

  it("gives the same picture for the same path, others for others", () => {
    expect(pictureFor("/cat/1")).toEqual(pictureFor("/cat/1"));
    expect(pictureFor("/cat/1")).not.toEqual(pictureFor("/cat/2"));
  });
});

it("encodes a PNG that decodes to the same pixels", () => {
  const picture = drawPicture({ animal: "dog", seed: 7 });
  const decoded = PNG.sync.read(encodePng(picture));
  expect([decoded.width, decoded.height]).toEqual([80, 80]);
  // pngjs decodes to four bytes a pixel, the last of which is alpha.
  const rgb = decoded.data.filter((_, index) => index % 4 < 3);
  expect(Buffer.from(rgb).equals(Buffer.from(picture.rgb))).toBe(true);
});

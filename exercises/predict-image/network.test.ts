import {
  type Animal,
  drawPicture,
  encodePng,
  type Picture,
  pictureFor,
} from "@unblock/backends/embedded/pictures/pictures";
import { testSeeds } from "@unblock/backends/embedded/pictures/seeds";
import { describe, expect, it } from "vitest";
import { classify } from "./network.ts";
import { decodePng } from "./png.ts";

const animals: Animal[] = ["cat", "dog"];
const cat = drawPicture({ animal: "cat", seed: testSeeds.first });

describe("classify", () => {
  it("is right about at least 95 % of 200 unseen pictures that went through PNG", () => {
    let right = 0;
    for (let seed = testSeeds.first; seed < testSeeds.first + 100; seed++) {
      for (const animal of animals) {
        const image = decodePng(encodePng(drawPicture({ animal, seed })));
        const { prediction, confidence } = classify(image, 2);
        if (prediction === animal) right += 1;
        expect(confidence).toBeGreaterThan(0.5);
        expect(confidence).toBeLessThanOrEqual(1);
      }
    }
    expect(right).toBeGreaterThanOrEqual(190);
  });

  it("calls /img.jpg a cat", () => {
    expect(classify(pictureFor("/img.jpg"), 10).prediction).toBe("cat");
  });

  it("gives the same answer each time", () => {
    expect(classify(cat, 5)).toEqual(classify(cat, 5));
  });

  it("changes its answer little with more crops", () => {
    const few = classify(cat, 10);
    const many = classify(cat, 40);
    expect(many.prediction).toBe(few.prediction);
    expect(Math.abs(many.confidence - few.confidence)).toBeLessThan(0.1);
  });

  it("takes images of other sizes", () => {
    for (const animal of animals) {
      const large = enlarge(drawPicture({ animal, seed: testSeeds.first + 1 }), 3);
      expect(classify(large, 5).prediction).toBe(animal);
    }
  });

  it("stops between crops", () => {
    let asked = 0;
    const stopped = () => {
      asked += 1;
      return asked > 3;
    };
    expect(() => classify(cat, 1000, stopped)).toThrow("stopped");
    expect(asked).toBe(4);
  });

  it("says what it expected", () => {
    expect(() => classify(cat, 0)).toThrow("whole number from 1, got 0");
    expect(() => classify({ ...cat, width: 79 }, 1)).toThrow("hold 18960 bytes, got 19200");
    expect(() => classify({ ...cat, height: 0 }, 1)).toThrow("at least 1×1 pixels, got 80×0");
  });
});

function enlarge({ width, height, rgb }: Picture, factor: number): Picture {
  const large = new Uint8Array(rgb.length * factor ** 2);
  for (const index of large.keys()) {
    const channel = index % 3;
    const column = Math.floor(index / 3) % (width * factor);
    const row = Math.floor(index / 3 / (width * factor));
    const from = Math.floor(row / factor) * width + Math.floor(column / factor);
    large[index] = rgb[from * 3 + channel] ?? 0;
  }
  return { width: width * factor, height: height * factor, rgb: large };
}

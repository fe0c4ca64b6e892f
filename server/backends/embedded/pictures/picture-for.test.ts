import { describe, expect, it } from "vitest";
import { pictureFor } from "./pictures.ts";

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

import { type Animal, drawPicture, type Picture } from "./draw-picture.ts";
import { servedSeeds } from "./seed-ranges.ts";

/**
 * The picture that a URL path stands for, always the same. A path that contains "cat" gives a cat,
 * else one that contains "dog" a dog, in any case; the path's hash decides about all others.
 */
export function pictureFor(path: string): Picture & { animal: Animal } {
  const hash = hashOf(path);
  // Odd for a cat, so that `/img.jpg`, the specification's own example, is one.
  const animal = namedIn(path) ?? (hash % 2 === 1 ? "cat" : "dog");
  const seed = servedSeeds.first + (hash % (servedSeeds.end - servedSeeds.first));
  return { animal, ...drawPicture({ animal, seed }) };
}

function namedIn(path: string): Animal | undefined {
  const lowerCase = path.toLowerCase();
  if (lowerCase.includes("cat")) return "cat";
  if (lowerCase.includes("dog")) return "dog";
  return undefined;
}

/** FNV-1a over the path's UTF-16 units, then mixed, since its lowest bit alone is weak. */
function hashOf(path: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < path.length; index++) {
    hash = Math.imul(hash ^ path.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x45d9f3b);
  return (hash ^ (hash >>> 16)) >>> 0;
}

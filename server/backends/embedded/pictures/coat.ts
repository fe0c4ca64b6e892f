import type { Colour } from "./rasteriser.ts";
import { between, pick, type Random } from "./seeded-random.ts";

/** An animal's fur. Cats and dogs share the coats, so that colour does not tell them apart. */
export interface Coat {
  fur: Colour;
  /** Ears, patches and stripes. */
  marking: Colour;
  /** Around nose and mouth. */
  muzzle: Colour;
  outline: Colour;
  /** For fine lines that must show on the fur. */
  contrast: Colour;
  pattern: "plain" | "striped" | "patched" | "blazed";
}

const furColours: readonly [Colour, ...Colour[]] = [
  [226, 140, 62], // ginger
  [120, 78, 48], // brown
  [52, 48, 50], // black
  [140, 142, 150], // grey
  [232, 212, 176], // cream
  [242, 240, 236], // white
  [196, 148, 92], // golden
  [92, 96, 112], // slate
];

const white: Colour = [250, 246, 240];
const black: Colour = [22, 18, 18];

export function chooseCoat(random: Random): Coat {
  const fur = vary(random, pick(random, furColours), 12);
  const bright = brightness(fur) > 130;
  const marking = mix(
    fur,
    random() < (bright ? 0.75 : 0.35) ? black : white,
    between(random, 0.3, 0.6),
  );
  return {
    fur,
    marking,
    muzzle: mix(fur, white, between(random, 0.25, 0.8)),
    outline: mix(fur, black, 0.55),
    contrast: bright ? mix(fur, black, 0.8) : mix(fur, white, 0.85),
    pattern: pick(random, ["plain", "striped", "patched", "blazed"]),
  };
}

/** `share` 0 gives the first colour, 1 the second. */
export function mix(first: Colour, second: Colour, share: number): Colour {
  const blend = (from: number, to: number) => from + share * (to - from);
  return [blend(first[0], second[0]), blend(first[1], second[1]), blend(first[2], second[2])];
}

/** Moves each channel by up to `range`. */
export function vary(random: Random, colour: Colour, range: number): Colour {
  const move = (channel: number) =>
    Math.min(255, Math.max(0, channel + between(random, -range, range)));
  return [move(colour[0]), move(colour[1]), move(colour[2])];
}

function brightness([red, green, blue]: Colour): number {
  return 0.3 * red + 0.6 * green + 0.1 * blue;
}

import type { Canvas, Colour, Point } from "./rasteriser.ts";
import { fillEllipse, fillPolygon } from "./rasteriser.ts";

/** Where an animal's own coordinates lie on the canvas. */
interface Placement {
  /** The pixel where the animal's origin lies. */
  centre: Point;
  /** Pixels to one unit of the animal's coordinates. */
  scale: number;
  /** Clockwise, in radians. */
  rotation: number;
}

/**
 * Draws in an animal's own coordinates: its head is about one unit in radius around the origin,
 * y points down. `opacity` is 1 unless given.
 */
export interface Pen {
  ellipse(centre: Point, radii: Point, rotation: number, colour: Colour, opacity?: number): void;
  polygon(points: readonly Point[], rounding: number, colour: Colour, opacity?: number): void;
  line(from: Point, to: Point, width: number, colour: Colour, opacity?: number): void;
}

export function createPen(canvas: Canvas, placement: Placement): Pen {
  const { centre, scale, rotation } = placement;
  const cosine = Math.cos(rotation) * scale;
  const sine = Math.sin(rotation) * scale;
  const place = ([x, y]: Point): Point => [
    centre[0] + x * cosine - y * sine,
    centre[1] + x * sine + y * cosine,
  ];

  const polygon: Pen["polygon"] = (points, rounding, colour, opacity = 1) =>
    fillPolygon(canvas, points.map(place), rounding * scale, { colour, opacity });

  return {
    polygon,
    line: (from, to, width, colour, opacity) => polygon([from, to], width / 2, colour, opacity),
    ellipse: (middle, [across, down], turn, colour, opacity = 1) =>
      fillEllipse(
        canvas,
        {
          centre: place(middle),
          radii: [across * scale, down * scale],
          rotation: rotation + turn,
        },
        { colour, opacity },
      ),
  };
}

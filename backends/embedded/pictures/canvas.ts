/** Red, green and blue, 0 to 255 each. */
export type Colour = readonly [red: number, green: number, blue: number];

/** In pixels from the top left corner. */
export type Point = readonly [x: number, y: number];

export interface Canvas {
  readonly width: number;
  readonly height: number;
  /** Three numbers per pixel, row by row; whole bytes only once the picture is finished. */
  readonly rgb: Float32Array;
}

interface Ellipse {
  centre: Point;
  /** Both half axes, in pixels. */
  radii: Point;
  rotation: number;
}

interface Paint {
  colour: Colour;
  /** 0 (invisible) to 1. */
  opacity: number;
}

export function createCanvas(width: number, height: number): Canvas {
  return { width, height, rgb: new Float32Array(width * height * 3) };
}

export function fillEllipse(canvas: Canvas, ellipse: Ellipse, paint: Paint): void {
  const { centre, radii, rotation } = ellipse;
  const cosine = Math.cos(rotation);
  const sine = Math.sin(rotation);
  const reach = Math.max(...radii);
  fillShape(canvas, [centre], reach, paint, (x, y) => {
    const right = x - centre[0];
    const down = y - centre[1];
    const u = (right * cosine + down * sine) / radii[0];
    const v = (down * cosine - right * sine) / radii[1];
    const radius = Math.sqrt(u * u + v * v);
    // The distance to an ellipse has no short formula. `radius - 1` divided by the length of its
    // gradient is right near the edge, the only place where a blend is needed.
    const slope = Math.sqrt((u / radii[0]) ** 2 + (v / radii[1]) ** 2) / radius;
    return radius === 0 ? -reach : (radius - 1) / slope;
  });
}

/**
 * Fills a polygon whose edges are thickened by `rounding` pixels, which also rounds its corners.
 * Two points give a line `2 * rounding` wide with round ends.
 */
export function fillPolygon(
  canvas: Canvas,
  points: readonly Point[],
  rounding: number,
  paint: Paint,
): void {
  const edges = points.map((from, index) => ({ from, to: points.at(index - 1) ?? from }));
  fillShape(canvas, points, rounding, paint, (x, y) => {
    let nearestSquared = Number.POSITIVE_INFINITY;
    let inside = false;
    for (const { from, to } of edges) {
      nearestSquared = Math.min(nearestSquared, squaredDistanceToSegment(x, y, from, to));
      // Even-odd rule: a point is inside if a ray to the right crosses an odd number of edges.
      const crossesRow = from[1] > y !== to[1] > y;
      if (crossesRow && x < from[0] + ((y - from[1]) * (to[0] - from[0])) / (to[1] - from[1])) {
        inside = !inside;
      }
    }
    const nearest = Math.sqrt(nearestSquared);
    return (inside ? -nearest : nearest) - rounding;
  });
}

function squaredDistanceToSegment(x: number, y: number, from: Point, to: Point): number {
  const alongX = to[0] - from[0];
  const alongY = to[1] - from[1];
  const lengthSquared = alongX * alongX + alongY * alongY;
  const projection = (x - from[0]) * alongX + (y - from[1]) * alongY;
  const share = lengthSquared === 0 ? 0 : Math.min(1, Math.max(0, projection / lengthSquared));
  const awayX = x - from[0] - share * alongX;
  const awayY = y - from[1] - share * alongY;
  return awayX * awayX + awayY * awayY;
}

/**
 * Blends `paint` into every pixel within `reach` of the points' bounding box, by the signed
 * distance (negative inside) from the pixel's centre to the shape's edge, so that edges are smooth.
 */
function fillShape(
  canvas: Canvas,
  points: readonly Point[],
  reach: number,
  paint: Paint,
  signedDistance: (x: number, y: number) => number,
): void {
  const { width, height, rgb } = canvas;
  const columns = points.map(([x]) => x);
  const rows = points.map(([, y]) => y);
  const left = Math.max(0, Math.floor(Math.min(...columns) - reach - 1));
  const right = Math.min(width, Math.ceil(Math.max(...columns) + reach + 1));
  const top = Math.max(0, Math.floor(Math.min(...rows) - reach - 1));
  const bottom = Math.min(height, Math.ceil(Math.max(...rows) + reach + 1));
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const distance = signedDistance(column + 0.5, row + 0.5);
      const share = Math.min(1, Math.max(0, 0.5 - distance)) * paint.opacity;
      if (share === 0) continue;
      const pixel = (row * width + column) * 3;
      for (let channel = 0; channel < 3; channel++) {
        const current = rgb[pixel + channel] ?? 0;
        rgb[pixel + channel] = current + share * ((paint.colour[channel] ?? 0) - current);
      }
    }
  }
}

/** Position of an animal's own coordinates on the canvas. */
interface Placement {
  /** Pixel of the animal's origin. */
  centre: Point;
  scale: number;
  rotation: number;
}

/**
 * Draws in an animal's own coordinates: the head has a radius of about one unit around the origin,
 * y points down. `opacity` defaults to 1.
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
  const executor = ([x, y]: Point): Point => [
    centre[0] + x * cosine - y * sine,
    centre[1] + x * sine + y * cosine,
  ];

  const polygon: Pen["polygon"] = (points, rounding, colour, opacity = 1) =>
    fillPolygon(canvas, points.map(executor), rounding * scale, { colour, opacity });

  return {
    polygon,
    line: (from, to, width, colour, opacity) => polygon([from, to], width / 2, colour, opacity),
    ellipse: (middle, [across, down], turn, colour, opacity = 1) =>
      fillEllipse(
        canvas,
        {
          centre: executor(middle),
          radii: [across * scale, down * scale],
          rotation: rotation + turn,
        },
        { colour, opacity },
      ),
  };
}

/** 0 to 255 each. */
export type OpaqueColour = readonly [red: number, green: number, blue: number];
export type Colour = OpaqueColour | readonly [...OpaqueColour, opacity: number];

export type Point = readonly [x: number, y: number];

export interface Canvas {
  readonly width: number;
  readonly height: number;
  /** Three numbers per pixel, row by row; whole bytes only once the picture is finished. */
  readonly rgb: Float32Array;
}

export function createCanvas(width: number, height: number): Canvas {
  return { width, height, rgb: new Float32Array(width * height * 3) };
}

/** Position of a drawing's own coordinates on the canvas. */
interface Placement {
  /** Pixel of the origin, from the top left corner. */
  readonly centre: Point;
  /** Pixels per unit. */
  readonly scale: number;
  readonly rotation: number;
}

/** Draws in coordinates of its own; y points down. An animal's head has a radius of about 1. */
export class Pen {
  readonly #canvas: Canvas;
  readonly #placement: Placement;

  constructor(canvas: Canvas, placement: Placement) {
    this.#canvas = canvas;
    this.#placement = placement;
  }

  ellipse(middle: Point, [across, down]: Point, turn: number, colour: Colour): void {
    const { scale, rotation } = this.#placement;
    const centre = this.#place(middle);
    const radii = [across * scale, down * scale] as const;
    const cosine = Math.cos(rotation + turn);
    const sine = Math.sin(rotation + turn);
    const reach = Math.max(...radii);
    this.#fill([centre], reach, colour, (x, y) => {
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

  line(from: Point, to: Point, width: number, colour: Colour): void {
    this.polygon(width / 2, colour, from, to);
  }

  /**
   * Fills a polygon whose edges are thickened by `rounding`, which also rounds its corners. Two corners
   * give a line with round ends.
   */
  polygon(rounding: number, colour: Colour, ...corners: readonly Point[]): void {
    const points = corners.map((corner) => this.#place(corner));
    const edges = points.map((from, index) => ({ from, to: points.at(index - 1) ?? from }));
    const reach = rounding * this.#placement.scale;
    this.#fill(points, reach, colour, (x, y) => {
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
      return (inside ? -nearest : nearest) - reach;
    });
  }

  /** A point's pixel on the canvas. */
  #place([x, y]: Point): Point {
    const { centre, scale, rotation } = this.#placement;
    const cosine = Math.cos(rotation) * scale;
    const sine = Math.sin(rotation) * scale;
    return [centre[0] + x * cosine - y * sine, centre[1] + x * sine + y * cosine];
  }

  /**
   * Blends the colour into every pixel within `reach` of the points' bounding box, by the signed
   * distance (negative inside) from the pixel's centre to the shape's edge, so that edges are smooth.
   */
  #fill(
    points: readonly Point[],
    reach: number,
    colour: Colour,
    signedDistance: (x: number, y: number) => number,
  ): void {
    const { width, height, rgb } = this.#canvas;
    const [, , , opacity = 1] = colour;
    const columns = points.map(([x]) => x);
    const rows = points.map(([, y]) => y);
    const left = Math.max(0, Math.floor(Math.min(...columns) - reach - 1));
    const right = Math.min(width, Math.ceil(Math.max(...columns) + reach + 1));
    const top = Math.max(0, Math.floor(Math.min(...rows) - reach - 1));
    const bottom = Math.min(height, Math.ceil(Math.max(...rows) + reach + 1));
    for (let row = top; row < bottom; row++) {
      for (let column = left; column < right; column++) {
        const distance = signedDistance(column + 0.5, row + 0.5);
        const share = Math.min(1, Math.max(0, 0.5 - distance)) * opacity;
        if (share === 0) continue;
        const pixel = (row * width + column) * 3;
        for (let channel = 0; channel < 3; channel++) {
          const current = rgb[pixel + channel] ?? 0;
          rgb[pixel + channel] = current + share * ((colour[channel] ?? 0) - current);
        }
      }
    }
  }
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

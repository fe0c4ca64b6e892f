import { colour, coloursChanged } from "../theme.ts";

type Fill = string | CanvasPattern;

/** What bars are drawn with. Pieces differ in lightness and pattern as well as in colour. */
export interface Paint {
  readonly pieces: Readonly<Record<string, Fill>>;
  readonly failed: Fill;
  readonly frozen: Fill;
  /** Above what is frozen. */
  readonly edge: string;
  readonly text: string;
  readonly quiet: string;
  readonly line: string;
}

/** The side of a pattern's tile in pixels. */
const tilePx = 6;

let mixed: { readonly forColours: number; readonly paint: Paint } | undefined;

/** What the theme has now: whoever draws with it in an effect draws again when that changes. */
export function currentPaint(context: CanvasRenderingContext2D): Paint {
  const forColours = coloursChanged.value;
  if (mixed?.forColours !== forColours) {
    mixed = { forColours, paint: mixPaint(context) };
  }
  return mixed.paint;
}

function mixPaint(context: CanvasRenderingContext2D): Paint {
  const hatched = (ground: string, lines: string, rising: boolean) =>
    makePattern(context, ground, lines, (tile) => {
      for (const shift of [-tilePx, 0, tilePx]) {
        tile.moveTo(shift, rising ? tilePx : 0);
        tile.lineTo(shift + tilePx, rising ? 0 : tilePx);
      }
    });
  const dotted = (ground: string, dots: string) =>
    makePattern(context, ground, dots, (tile) => tile.rect(2, 2, 1.5, 1.5));
  return {
    pieces: {
      "waiting to be seen": colour("--waiting"),
      queue: hatched("--queue", "--queue-line", true),
      download: dotted("--download", "--work"),
      work: colour("--work"),
      "reply on its way": colour("--reply"),
    },
    failed: hatched("--failed", "--bad", false),
    frozen: hatched("--frozen", "--frozen-line", false),
    edge: colour("--delay"),
    text: colour("--text"),
    quiet: colour("--quiet"),
    line: colour("--line"),
  };
}

function makePattern(
  context: CanvasRenderingContext2D,
  ground: string,
  lines: string,
  trace: (tile: OffscreenCanvasRenderingContext2D) => void,
): Fill {
  const canvas = new OffscreenCanvas(tilePx, tilePx);
  const tile = canvas.getContext("2d");
  if (tile === null) {
    return colour(ground);
  }
  tile.fillStyle = colour(ground);
  tile.fillRect(0, 0, tilePx, tilePx);
  tile.strokeStyle = colour(lines);
  tile.lineWidth = 1.4;
  tile.beginPath();
  trace(tile);
  tile.stroke();
  return context.createPattern(canvas, "repeat") ?? colour(ground);
}

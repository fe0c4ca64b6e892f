import { effect, signal } from "@preact/signals";

export const themes = ["auto", "light", "dark"] as const;

const key = "unblock-theme";

export const theme = signal(themes.find((name) => name === localStorage.getItem(key)) ?? "auto");

/** Increments when colours change, for canvases, which the stylesheet cannot reach. */
export const coloursChanged = signal(0);

export function applyTheme(): void {
  effect(() => {
    localStorage.setItem(key, theme.value);
    document.documentElement.dataset.theme = theme.value;
    coloursChanged.value = coloursChanged.peek() + 1;
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    coloursChanged.value++;
  });
}

/** An element that nobody sees, with whose style colours are resolved. */
const sample = document.head.appendChild(document.createElement("i"));

/** The current value of a colour of the stylesheet, such as "--text". */
export function colour(name: string): string {
  sample.style.color = `var(${name})`;
  return getComputedStyle(sample).color;
}

/** Side of a pattern's tile. */
const tilePx = 6;

/** A fill for canvases: lines on a ground, both of the stylesheet. */
export function hatched(ground: string, lines: string, rising: boolean): CanvasPattern | string {
  return patterned(ground, lines, (tile) => {
    for (const shift of [-tilePx, 0, tilePx]) {
      tile.moveTo(shift, rising ? tilePx : 0);
      tile.lineTo(shift + tilePx, rising ? 0 : tilePx);
    }
  });
}

/** A fill for canvases: dots on a ground, both of the stylesheet. */
export function dotted(ground: string, dots: string): CanvasPattern | string {
  return patterned(ground, dots, (tile) => tile.rect(2, 2, 1.5, 1.5));
}

function patterned(
  ground: string,
  lines: string,
  trace: (tile: OffscreenCanvasRenderingContext2D) => void,
): CanvasPattern | string {
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
  return tile.createPattern(canvas, "repeat") ?? colour(ground);
}

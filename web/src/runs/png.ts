import { colour } from "../theme.ts";

const marginPx = 16;
const linePx = 20;

/**
 * The pictures of a run as one: what stands in the elements of the class "picture", each under its
 * heading, with some lines above.
 */
export async function pngOf(shown: ParentNode, lines: readonly string[]): Promise<Blob> {
  const pictures = [...shown.querySelectorAll<HTMLElement>(".picture")].map((picture) => ({
    title: picture.querySelector("h3")?.innerText ?? "",
    canvases: [...picture.querySelectorAll("canvas")],
  }));
  const scale = devicePixelRatio;
  const widthsPx = pictures.flatMap(({ canvases }) => canvases.map(({ width }) => width / scale));
  const widthPx = Math.max(480, ...widthsPx);
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  if (context === null) {
    throw new Error("Expected the browser to draw on a canvas, got none");
  }
  context.font = "14px system-ui, sans-serif";
  const wrapped = lines.flatMap((line) => wrap(context, line, widthPx));
  const heightPx = pictures.reduce(
    (sum, { canvases }) =>
      canvases.reduce((height, one) => height + one.height / scale, sum + 1.5 * linePx),
    wrapped.length * linePx,
  );
  canvas.width = (widthPx + 2 * marginPx) * scale;
  canvas.height = (heightPx + 2 * marginPx) * scale;
  context.scale(scale, scale);
  context.fillStyle = colour("--ground");
  context.fillRect(0, 0, canvas.width, canvas.height);
  let y = marginPx;
  const write = (text: string, font: string) => {
    context.fillStyle = colour("--text");
    context.font = `${font} 14px system-ui, sans-serif`;
    context.fillText(text, marginPx, y + 14);
    y += linePx;
  };
  for (const line of wrapped) {
    write(line, "normal");
  }
  for (const { title, canvases } of pictures) {
    y += linePx / 2;
    write(title.replaceAll("\n", "  "), "bold");
    for (const one of canvases) {
      context.drawImage(one, marginPx, y, one.width / scale, one.height / scale);
      y += one.height / scale;
    }
  }
  return toBlob(canvas);
}

function toBlob(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null) {
        reject(new Error("Expected a picture from the browser, got none: it may be too large"));
      } else {
        resolve(blob);
      }
    });
  });
}

function wrap(context: CanvasRenderingContext2D, text: string, widthPx: number): string[] {
  const wrapped: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (line !== "" && context.measureText(longer).width > widthPx) {
      wrapped.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...wrapped, line];
}

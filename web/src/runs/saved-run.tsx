import { toJsonString } from "@bufbuild/protobuf";
import { type Run, RunSchema } from "@unblock/proto/gen/lab";
import { useState } from "preact/hooks";
import { labClient, noticeTrouble } from "../connection.ts";
import { TroubleNote } from "../notes.tsx";
import { colour } from "../theme.ts";
import type { Trouble } from "../trouble.ts";
import { csvOf } from "./csv.ts";

const formats = ["json", "csv", "png"] as const;
type Format = (typeof formats)[number];

/** Address and downloads of a saved run. */
export function SavedRun({ id }: { readonly id: string }) {
  const [trouble, setTrouble] = useState<Trouble>();
  const save = async (format: Format) => {
    setTrouble(undefined);
    try {
      const { run } = await labClient.getRun({ id });
      if (run !== undefined) {
        saveFile(`unblock-${id}.${format}`, await fileOf(run, format));
      }
    } catch (error) {
      setTrouble(noticeTrouble(error, "looked up the run"));
    }
  };
  return (
    <div class="row saved">
      <a href={`#/runs/${id}`}>Link to this run</a>
      <span>Download:</span>
      {formats.map((format) => (
        <button type="button" key={format} onClick={() => void save(format)}>
          {format.toUpperCase()}
        </button>
      ))}
      <TroubleNote trouble={trouble} onToken={() => setTrouble(undefined)} />
    </div>
  );
}

async function fileOf(run: Run, format: Format): Promise<Blob> {
  switch (format) {
    case "json":
      return new Blob([toJsonString(RunSchema, run, { prettySpaces: 2 })], {
        type: "application/json",
      });
    case "csv":
      return new Blob([csvOf(run)], { type: "text/csv" });
    case "png":
      return pngOf(document, [titleOf(run), run.summary?.summary ?? ""]);
  }
}

function titleOf({ summary, machine }: Run): string {
  const strategies = summary?.strategies.join(", ");
  const measured = `${machine?.cores} cores, Node ${machine?.node}`;
  return `unblock: ${summary?.exercise} with ${strategies}, ${summary?.beganAt} on ${measured}`;
}

function saveFile(name: string, content: Blob): void {
  const url = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  // The browser opens the URL only after this turn of the event loop.
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

const marginPx = 16;
const linePx = 20;

/**
 * Draws the canvases of all elements of class "picture" below each other, each below its heading, and some
 * lines of text above them.
 */
function pngOf(shown: ParentNode, lines: readonly string[]): Promise<Blob> {
  const canvas = new OffscreenCanvas(0, 0);
  const context = canvas.getContext("2d");
  if (context === null) {
    throw new Error("Expected the browser to draw on a canvas, got no context");
  }
  const scale = devicePixelRatio;
  const canvases = [...shown.querySelectorAll<HTMLCanvasElement>(".picture canvas")];
  const widthPx = Math.max(480, ...canvases.map(({ width }) => width / scale));
  /** Returns where the picture ends. */
  const drawAll = () => {
    let y = marginPx;
    const write = (text: string, weight: string) => {
      context.fillStyle = colour("--text");
      context.font = `${weight} 14px system-ui, sans-serif`;
      for (const line of wrap(context, text, widthPx)) {
        context.fillText(line, marginPx, y + 14);
        y += linePx;
      }
    };
    for (const line of lines) {
      write(line, "normal");
    }
    for (const picture of shown.querySelectorAll(".picture")) {
      y += linePx / 2;
      write(picture.querySelector("h3")?.innerText.replaceAll("\n", "  ") ?? "", "bold");
      for (const image of picture.querySelectorAll("canvas")) {
        context.drawImage(image, marginPx, y, image.width / scale, image.height / scale);
        y += image.height / scale;
      }
    }
    return y + marginPx;
  };
  // On a canvas without pixels, to know how many the picture needs.
  const heightPx = drawAll();
  canvas.width = (widthPx + 2 * marginPx) * scale;
  canvas.height = heightPx * scale;
  context.scale(scale, scale);
  context.fillStyle = colour("--ground");
  context.fillRect(0, 0, canvas.width, canvas.height);
  drawAll();
  return canvas.convertToBlob();
}

function wrap(context: OffscreenCanvasRenderingContext2D, text: string, widthPx: number): string[] {
  const [first = "", ...words] = text.split(" ");
  const lines = [first];
  for (const word of words) {
    const longer = `${lines.at(-1)} ${word}`;
    if (context.measureText(longer).width > widthPx) {
      lines.push(word);
    } else {
      lines[lines.length - 1] = longer;
    }
  }
  return lines;
}

import { toJsonString } from "@bufbuild/protobuf";
import { type Run, RunSchema } from "@unblock/proto/gen/lab";
import { useState } from "preact/hooks";
import { labClient, noticeTrouble, unary } from "../connection.ts";
import { TroubleNote } from "../notes.tsx";
import { colour } from "../theme.ts";
import type { Trouble } from "../trouble.ts";
import { csvOf } from "./csv.ts";

type Format = "json" | "csv" | "png";

/** Address and downloads of a saved run. */
export function SavedRun({ id }: { readonly id: string }) {
  const [trouble, setTrouble] = useState<Trouble>();
  const save = async (format: Format) => {
    setTrouble(undefined);
    try {
      const { run } = await labClient.getRun({ id }, unary);
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
      {(["json", "csv", "png"] as const).map((format) => (
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
async function pngOf(shown: ParentNode, lines: readonly string[]): Promise<Blob> {
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
    throw new Error("Expected the browser to draw on a canvas, got no context");
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
  const write = (text: string, weight: string) => {
    context.fillStyle = colour("--text");
    context.font = `${weight} 14px system-ui, sans-serif`;
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
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve));
  if (blob === null) {
    throw new Error("Expected a picture from the browser, got none: it may be too large");
  }
  return blob;
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

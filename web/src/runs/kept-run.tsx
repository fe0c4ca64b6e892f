import { toJsonString } from "@bufbuild/protobuf";
import { useState } from "preact/hooks";
import { type Run, RunSchema } from "../../../gen/unblock/v1/lab_pb.ts";
import { answerWithin, labClient } from "../connection/clients.ts";
import { noticeTrouble } from "../connection/presence.ts";
import type { Trouble } from "../connection/trouble.ts";
import { TroubleNote } from "../parts/trouble-note.tsx";
import { csvOf } from "./csv.ts";
import { pngOf } from "./png.ts";
import { saveFile } from "./save-file.ts";

type Format = "json" | "csv" | "png";

/** A run's address, and what to take away of it. */
export function KeptRun({ id }: { readonly id: string }) {
  const [trouble, setTrouble] = useState<Trouble>();
  const save = async (format: Format) => {
    setTrouble(undefined);
    try {
      const { run } = await labClient.getRun({ id }, answerWithin);
      if (run !== undefined) {
        saveFile(`unblock-${id}.${format}`, await fileOf(run, format));
      }
    } catch (error) {
      setTrouble(noticeTrouble(error, "looked for the run"));
    }
  };
  return (
    <div class="row kept">
      <a href={`#/runs/${id}`}>This run's address</a>
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
      return pngOf(document, [titleOf(run), run.summary?.sentence ?? ""]);
  }
}

function titleOf({ summary, machine }: Run): string {
  const strategies = summary?.strategies.join(", ");
  const measured = `${machine?.cores} cores, Node ${machine?.node}`;
  return `unblock: ${summary?.exercise} with ${strategies}, ${summary?.beganAt} on ${measured}`;
}

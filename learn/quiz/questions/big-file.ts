import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { percent } from "@unblock/terminal/numbers";
import { measureImpact, measureInPool } from "../measuring.ts";
import { type Definition, milliseconds } from "../question.ts";
import { hashFile, work } from "../work.ts";

const measuredMb = 256;

export const bigFile: Definition = {
  id: "big-file",
  figure: 2,
  vary: (random) => random(1, 6),
  title: (gigabytes) =>
    `A file of ${measuredMb} MB of zeros; ${gigabytes} GB is ${(gigabytes * 1_024) / measuredMb} times that, not measured`,
  measuredFigure: measuredMb,
  columns: (gigabytes) => [
    milliseconds(`${measuredMb} MB`, "wallMs"),
    {
      title: `so ${gigabytes} GB`,
      value: ({ wallMs = 0 }) =>
        `≈ ${((((gigabytes * 1_024) / measuredMb) * wallMs) / 1_000).toFixed(1)} s`,
    },
    milliseconds("loop held", "loopHeldMs"),
    { title: "loop busy", value: ({ loopBusy = 0 }) => percent(loopBusy) },
  ],
  ways: {
    "readFileSync, event loop": async (megabytes, folder) => {
      const path = await createFile(folder, megabytes);
      return measureImpact(async () =>
        createHash("sha256").update(readFileSync(path)).digest("hex"),
      );
    },
    "stream, event loop": async (megabytes, folder) => {
      const path = await createFile(folder, megabytes);
      return measureImpact(() => hashFile(path));
    },
    "stream, a worker": async (megabytes, folder) =>
      measureInPool(1, work.hashFile, [await createFile(folder, megabytes)]),
  },
};

/** Creates a sparse file: it takes no space and reads as zeros. */
async function createFile(folder: string, megabytes: number): Promise<string> {
  const path = join(folder, "file");
  await writeFile(path, "");
  await truncate(path, megabytes * 2 ** 20);
  return path;
}

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { measureImpact, measureWay, openPool } from "../measuring.ts";
import { createQuestion, milliseconds } from "../question.ts";
import { hashFile, work } from "../work.ts";

const measuredMb = 256;

export const bigFile = createQuestion(import.meta.url, {
  figure: 2,
  vary: (random) => random(1, 6),
  measurement: (gigabytes) => ({
    title: `A file of ${measuredMb} MB of zeros; ${gigabytes} GB is ${(gigabytes * 1_024) / measuredMb} times that, not measured`,
    figure: measuredMb,
    ways: [
      { name: "readFileSync, event loop", argument: "at-once" },
      { name: "stream, event loop", argument: "in-pieces" },
      { name: "stream, a worker", argument: "in-a-worker" },
    ],
    columns: [
      milliseconds(`${measuredMb} MB`, "wallMs"),
      {
        title: `so ${gigabytes} GB`,
        value: ({ wallMs = 0 }) =>
          `≈ ${((((gigabytes * 1_024) / measuredMb) * wallMs) / 1_000).toFixed(1)} s`,
      },
      milliseconds("loop held", "loopHeldMs"),
      { title: "loop busy", value: ({ loopBusy = 0 }) => `${(100 * loopBusy).toFixed(0)} %` },
    ],
  }),
});

/** Creates a sparse file: it takes no space and reads as zeros. */
async function createFile(folder: string, megabytes: number): Promise<string> {
  const path = join(folder, "file");
  await writeFile(path, "");
  await truncate(path, megabytes * 2 ** 20);
  return path;
}

if (import.meta.main) {
  await measureWay({
    "at-once": async (megabytes, folder) => {
      const path = await createFile(folder, megabytes);
      return await measureImpact(async () =>
        createHash("sha256").update(readFileSync(path)).digest("hex"),
      );
    },
    "in-pieces": async (megabytes, folder) => {
      const path = await createFile(folder, megabytes);
      return await measureImpact(() => hashFile(path));
    },
    "in-a-worker": async (megabytes, folder) => {
      const path = await createFile(folder, megabytes);
      await using pool = await openPool(1);
      return await measureImpact(() => pool.run(work.hashFile, path));
    },
  });
}

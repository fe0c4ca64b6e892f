import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { withBystanders } from "./bystanders.ts";
import { openPool } from "./pool.ts";
import { figure, measureWay } from "./way.ts";
import { hashFile, work } from "./work.ts";

const fileBytes = figure * 2 ** 20;

/** Makes a file that takes no room: nothing was ever written to it, so it reads as zeros. */
async function createFile(folder: string): Promise<string> {
  const path = join(folder, "file");
  const file = await open(path, "w");
  await file.truncate(fileBytes);
  await file.close();
  return path;
}

await measureWay({
  "at-once": async (folder) => {
    const path = await createFile(folder);
    return await withBystanders(async () =>
      createHash("sha256").update(readFileSync(path)).digest("hex"),
    );
  },
  "in-pieces": async (folder) => {
    const path = await createFile(folder);
    return await withBystanders(() => hashFile(path));
  },
  "in-a-worker": async (folder) => {
    const path = await createFile(folder);
    await using pool = await openPool(1);
    return await withBystanders(() => pool.run(work.hashFile, path));
  },
});

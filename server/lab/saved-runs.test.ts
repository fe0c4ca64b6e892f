import { copyFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { RaceRunSchema, RunSummarySchema } from "@unblock/proto/gen/lab";
import { temporaryFolder } from "@unblock/test/folder";
import { beforeEach, expect, test } from "vitest";
import { SavedRuns } from "./saved-runs.ts";

let parent: string;
let folder: string;
let logged: string[];
beforeEach(() => {
  parent = temporaryFolder();
  folder = join(parent, "not", "there", "yet");
  logged = [];
});

const open = () => new SavedRuns(folder, (line) => logged.push(line));

/** Saves a run with this start time, in seconds. */
function keep(runs: SavedRuns, second: number): Promise<string> {
  const beganAt = new Date(second * 1_000).toISOString();
  const summary = create(RunSummarySchema, { exercise: "A", summary: `run ${second}`, beganAt });
  const kind = { case: "race" as const, value: create(RaceRunSchema) };
  return runs.keep(summary, { machine: undefined, kind });
}

async function sentences(runs: SavedRuns): Promise<string[]> {
  return (await runs.list()).map(({ summary }) => summary);
}

test("creates no folder before the first run", async () => {
  expect(await open().list()).toEqual([]);
  expect(await readdir(parent)).toEqual([]);
});

test("lists the newest first, also for another server with the same folder", async () => {
  const runs = open();
  await keep(runs, 2);
  await keep(open(), 3);
  await keep(runs, 1);
  expect(await sentences(runs)).toEqual(["run 3", "run 2", "run 1"]);
  expect(await sentences(open())).toEqual(["run 3", "run 2", "run 1"]);
});

test("the 101st run removes the first", async () => {
  const runs = open();
  const first = await keep(runs, 0);
  for (let second = 1; second <= 99; second++) {
    await keep(runs, second);
  }
  expect((await runs.get(first)).summary?.summary).toBe("run 0");
  await keep(runs, 100);
  expect(await readdir(folder)).toHaveLength(100);
  expect((await sentences(runs)).at(-1)).toBe("run 1");
  await expect(runs.get(first)).rejects.toMatchObject({
    code: "UNBLOCK_RUN_NOT_FOUND",
    data: { run: JSON.stringify(first), max_runs: 100 },
  });
});

test("skips an unreadable file, with one line in the log", async () => {
  const runs = open();
  const id = await keep(runs, 1);
  await writeFile(join(folder, "20261126T000000000Z-abcdefghijkl.json"), '{"summary":');
  await writeFile(join(folder, "20261126T000000000Z-bcdefghijklm.json"), '{"summary":7}');
  const again = open();
  expect(await sentences(again)).toEqual(["run 1"]);
  expect(await sentences(again)).toEqual(["run 1"]);
  await expect(again.get("abcdefghijkl")).rejects.toMatchObject({ kind: "not-found" });
  expect((await again.get(id)).summary?.id).toBe(id);
  expect(logged).toEqual([
    expect.stringContaining("20261126T000000000Z-bcdefghijklm.json"),
    expect.stringContaining("20261126T000000000Z-abcdefghijkl.json"),
  ]);
});

test("ignores files with other names, whatever id is requested", async () => {
  const runs = open();
  const id = await keep(runs, 1);
  const [name = ""] = await readdir(folder);
  await copyFile(join(folder, name), join(parent, "secret.json"));
  await writeFile(join(folder, "notes.json"), "{}");
  await writeFile(join(folder, `${name}.new`), "{");
  expect(await sentences(runs)).toEqual(["run 1"]);
  for (const asked of ["../../../secret", "notes", "", ".*", `${id}.json`, name]) {
    await expect(runs.get(asked)).rejects.toMatchObject({ kind: "not-found" });
  }
  expect(logged).toEqual([]);
});

test("gives a copied file the id of its name", async () => {
  const runs = open();
  const id = await keep(runs, 1);
  const [name = ""] = await readdir(folder);
  await copyFile(join(folder, name), join(folder, name.replace(id, "copycopycopy")));
  expect((await runs.list()).map((summary) => summary.id).sort()).toEqual(
    ["copycopycopy", id].sort(),
  );
  expect((await runs.get("copycopycopy")).summary?.summary).toBe("run 1");
});

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { changeProgress, loadProgress } from "@unblock/progress/progress";
import { temporaryFolder } from "@unblock/test/folder";
import { beforeEach, describe, expect, test } from "vitest";
import { KeptFiles } from "./kept-files.ts";

let folder: string;
let progress: string;
beforeEach(() => {
  folder = temporaryFolder();
  progress = join(folder, "progress.json");
});

const saveCurrent = (current: string) =>
  changeProgress(progress, (before) => ({ ...before, current }));

describe("the course's own files", () => {
  test("are restored when something wrote to them", async () => {
    await saveCurrent("B");
    const kept = new KeptFiles(folder);
    const before = readFileSync(progress, "utf8");
    writeFileSync(progress, "{}");
    expect(kept.restore("nothing of it")).toEqual(["progress.json"]);
    expect(readFileSync(progress, "utf8")).toBe(before);
  });

  test("are removed when they are new and the code names them", () => {
    const kept = new KeptFiles(folder);
    writeFileSync(progress, "{}");
    expect(kept.restore('new URL("progress.json")')).toEqual(["progress.json"]);
    expect(readdirSync(folder)).toEqual([]);
  });

  test("are as before the first of concurrent checks, whichever of them ends last", async () => {
    await saveCurrent("B");
    const before = readFileSync(progress, "utf8");
    const cheat = new KeptFiles(folder);
    writeFileSync(progress, "{}");
    const other = new KeptFiles(folder);
    expect(cheat.restore('new URL("progress.json")')).toEqual(["progress.json"]);
    expect(other.restore("nothing of it")).toEqual([]);
    expect(readFileSync(progress, "utf8")).toBe(before);
  });

  test("are kept when the course saves them, once or twice", async () => {
    await saveCurrent("D");
    const kept = new KeptFiles(folder);
    await saveCurrent("B");
    await saveCurrent("C");
    expect(kept.restore("export const handler = () => {};")).toEqual([]);
    expect(loadProgress(progress).state.current).toBe("C");
  });
});

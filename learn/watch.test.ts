import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Watch, watchFiles } from "./watch.ts";

let folder: string;
let file: string;
let watch: Watch;
let told: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unblock-watch-"));
  file = join(folder, "a.ts");
  writeFileSync(file, "one");
  told = [];
  watch = watchFiles([file, join(folder, "b.ts")], (path) => told.push(path));
});

afterEach(() => {
  watch.close();
  rmSync(folder, { recursive: true });
});

test("tells of a file that is saved, once", async () => {
  writeFileSync(file, "");
  writeFileSync(file, "tw");
  writeFileSync(file, "two");
  await vi.waitFor(() => expect(told).toEqual([file]), 10_000);
  writeFileSync(file, "three");
  await vi.waitFor(() => expect(told).toEqual([file, file]), 10_000);
});

test("tells of a file that an editor puts in its place", async () => {
  writeFileSync(join(folder, "a.ts.new"), "two");
  renameSync(join(folder, "a.ts.new"), file);
  await vi.waitFor(() => expect(told).toEqual([file]), 10_000);
});

test("does not tell of a save that changes nothing, nor of other files", async () => {
  writeFileSync(file, "one");
  writeFileSync(join(folder, "other.ts"), "two");
  writeFileSync(join(folder, "b.ts"), "new");
  // When the last save has been told, those before it were not.
  await vi.waitFor(() => expect(told).toEqual([join(folder, "b.ts")]), 10_000);
});

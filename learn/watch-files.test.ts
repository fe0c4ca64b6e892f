import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Watch, watchFiles } from "./workspace.ts";

let folder: string;
let file: string;
let watch: Watch;
let changed: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "unblock-watch-"));
  file = join(folder, "a.ts");
  writeFileSync(file, "one");
  changed = [];
  watch = watchFiles([file, join(folder, "b.ts")], (path) => changed.push(path));
});

afterEach(() => {
  watch.close();
  rmSync(folder, { recursive: true });
});

test("reports a saved file once", async () => {
  writeFileSync(file, "");
  writeFileSync(file, "tw");
  writeFileSync(file, "two");
  await vi.waitFor(() => expect(changed).toEqual([file]), 10_000);
  writeFileSync(file, "three");
  await vi.waitFor(() => expect(changed).toEqual([file, file]), 10_000);
});

test("reports a file that an editor replaces", async () => {
  writeFileSync(join(folder, "a.ts.new"), "two");
  renameSync(join(folder, "a.ts.new"), file);
  await vi.waitFor(() => expect(changed).toEqual([file]), 10_000);
});

test("does not report unchanged or other files", async () => {
  writeFileSync(file, "one");
  writeFileSync(join(folder, "other.ts"), "two");
  writeFileSync(join(folder, "b.ts"), "new");
  // Once the last save is reported, the earlier ones would have been, too.
  await vi.waitFor(() => expect(changed).toEqual([join(folder, "b.ts")]), 10_000);
});

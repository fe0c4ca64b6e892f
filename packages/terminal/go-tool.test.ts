import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { temporaryFolder } from "@unblock/test/folder";
import { expect, test } from "vitest";
import { type GoTool, isPinned } from "./go-tool.ts";

const tool: GoTool = {
  name: "hello",
  module: "example.com/hello",
  folder: "cmd/hello",
  version: "v1.2.3",
};

const folder = temporaryFolder();

async function program(name: string, content: string, mode = 0o755): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  await chmod(file, mode);
  return file;
}

test("recognizes the pinned version by what Go's linker wrote into the program", async () => {
  const built = (version: string) => `\x7fELF\0path\n\tmod\t${tool.module}\t${version}\th1:x`;
  expect(await isPinned(await program("pinned", built(tool.version)), tool)).toBe(true);
  expect(await isPinned(await program("older", built("v0.92.0")), tool)).toBe(false);
  expect(await isPinned(await program("longer", built(`${tool.version}1`)), tool)).toBe(false);
  expect(await isPinned(await program("data", built(tool.version), 0o644), tool)).toBe(false);
  expect(await isPinned(join(folder, "none"), tool)).toBe(false);
});

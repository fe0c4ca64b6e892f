import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ghzVersion, isPinned } from "./ghz.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ghz-test-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function program(name: string, content: string, mode = 0o755): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, content);
  await chmod(file, mode);
  return file;
}

test("knows the pinned version by what Go's linker wrote into the program", async () => {
  const built = (version: string) =>
    `\x7fELF\0path\n\tmod\tgithub.com/bojand/ghz\t${version}\th1:x`;
  expect(await isPinned(await program("pinned", built(ghzVersion)))).toBe(true);
  expect(await isPinned(await program("older", built("v0.92.0")))).toBe(false);
  expect(await isPinned(await program("longer", built(`${ghzVersion}1`)))).toBe(false);
  expect(await isPinned(await program("data", built(ghzVersion), 0o644))).toBe(false);
  expect(await isPinned(join(folder, "none"))).toBe(false);
});

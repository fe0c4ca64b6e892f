import { existsSync, globSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { codeSpans, linkTargets, root, tableRows } from "./testing/documents.ts";

const pageUrl = new URL("./ARCHITECTURE.md", import.meta.url);
const page = readFileSync(pageUrl, "utf8");

/** Files that the traces name, with the symbol to find in each. */
const steps = tableRows(page).flatMap(([, link = "", symbol = ""]) =>
  linkTargets(link).map((file) => ({ file, symbol: symbol.replaceAll("`", "") })),
);

describe("the page on the architecture", () => {
  test("traces a call, a number and a diagnosis", () => {
    expect(steps.length).toBeGreaterThan(25);
  });

  test.each(steps)("$file has $symbol", ({ file, symbol }) => {
    const url = new URL(file, pageUrl);
    expect(existsSync(url)).toBe(true);
    expect(readFileSync(url, "utf8")).toMatch(new RegExp(`\\b${symbol}\\b`));
  });
});

describe("the packages", () => {
  const layers = new Map(
    tableRows(page)
      .filter(([layer = ""]) => /^\d$/.test(layer))
      .flatMap(([layer, names = ""]) =>
        codeSpans(names).map((name) => [name, Number(layer)] as const),
      ),
  );
  const folders = globSync(["*/package.json", "packages/*/package.json"], { cwd: root })
    .map((file) => file.replace("/package.json", ""))
    .filter((folder) => folder !== "test")
    .sort();
  const folderOf = (name: string) =>
    folders.find((folder) => name === `@unblock/${folder.split("/").at(-1)}`);

  test("are all in a layer", () => {
    expect([...layers.keys()].sort()).toEqual(folders);
  });

  test.each(folders)("%s depends on its own layer and those below", (folder) => {
    const { dependencies = {} }: { dependencies?: Readonly<Record<string, string>> } = JSON.parse(
      readFileSync(`${root}${folder}/package.json`, "utf8"),
    );
    const used = Object.keys(dependencies).flatMap((name) => folderOf(name) ?? []);
    const layerOf = (one: string) => layers.get(one) ?? Number.NaN;
    expect(used.filter((one) => layerOf(one) > layerOf(folder))).toEqual([]);
  });

  test.each(folders)("%s has a README and a description", (folder) => {
    const { description } = JSON.parse(readFileSync(`${root}${folder}/package.json`, "utf8"));
    expect(description).toMatch(/\.$/);
    expect(existsSync(`${root}${folder}/README.md`)).toBe(true);
  });
});

import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { folderName } from "@unblock/exercises/folder";
import { exercises } from "@unblock/proto/exercises";
import { describe, expect, test } from "vitest";
import { renderErrorPage } from "./error-page.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (path: string) => readFileSync(join(root, path), "utf8");
const documents = globSync("**/*.md", {
  cwd: root,
  exclude: (path) => /(^|\/)(node_modules|web\/dist)$/.test(path) || path.startsWith("."),
});

/** The anchor that GitHub gives a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w -]/g, "")
    .replaceAll(" ", "-");

const anchorsOf = (text: string) =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) => anchorOf(heading));

describe.each(documents)("%s", (document) => {
  test("links to what is there", () => {
    const from = pathToFileURL(join(root, document));
    const targets = [...read(document).matchAll(/\]\(([^)\s]+)\)/g)].map(
      ([, target = ""]) => target,
    );
    const dead = targets.filter((target) => {
      if (/^https?:/.test(target)) {
        return false;
      }
      const url = new URL(target, from);
      const anchor = url.hash.slice(1);
      url.hash = "";
      return (
        !existsSync(url) ||
        (anchor !== "" && !anchorsOf(readFileSync(url, "utf8")).includes(anchor))
      );
    });
    expect(dead).toEqual([]);
  });

  test("names npm scripts that there are", () => {
    const { scripts } = JSON.parse(read("package.json"));
    const named = [...read(document).matchAll(/npm run (?:-s )?([a-z][a-z0-9:]*)/g)];
    const unknown = named.flatMap(([, name = ""]) => (name in scripts ? [] : [name]));
    expect(unknown).toEqual([]);
  });
});

test("the page of errors lists the table's", async () => {
  await expect(renderErrorPage()).toMatchFileSnapshot("errors.md");
});

test("the README's table of the eight has every strategy of the schema", () => {
  for (const { letter, allStrategies } of exercises) {
    const [, row = ""] =
      new RegExp(`^\\| ${letter} \\|(.*)\\|$`, "m").exec(read("README.md")) ?? [];
    const missing = allStrategies.filter(({ name }) => !row.includes(`\`${name}\``));
    expect(missing.map(({ name }) => `${letter} ${name}`)).toEqual([]);
  }
});

test.each(exercises)("the README of $letter has the schema's reasons", (exercise) => {
  const readme = read(`exercises/${folderName(exercise)}/README.md`);
  const rows = new Map(
    [...readme.matchAll(/^\| `([^`]+)` +\| .* \| (.*?) +\|$/gm)].map(([, name, reason]) => [
      name,
      reason,
    ]),
  );
  expect(Object.fromEntries(rows)).toEqual(
    Object.fromEntries(exercise.allStrategies.map(({ name, reason }) => [name, reason])),
  );
});

test("only packages/connect and the server's services know the wire", () => {
  const knowing = globSync("{backends,exercises,server,packages/executors}/**/*.ts", {
    cwd: root,
  }).filter(
    (path) =>
      !/^server\/(services|faults)\/|^server\/handler\.ts$|\.test\.ts$/.test(path) &&
      read(path).includes('from "@connectrpc/'),
  );
  expect(knowing).toEqual([]);
});

import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { codeName } from "@unblock/connect/code-name";
import { codes } from "@unblock/connect/interceptors/errors";
import { errorTable } from "@unblock/errors/error-table";
import { folderName } from "@unblock/exercises/exercise";
import { anchor } from "@unblock/learn/book/markdown";
import { exercises } from "@unblock/proto/exercises";
import { describe, expect, test } from "vitest";
import {
  codeSpans,
  documents,
  headings,
  linkTargets,
  read,
  root,
  tableRows,
} from "./testing/documents.ts";

const anchorsOf = (text: string) => headings(text).map(anchor);

describe.each(documents)("%s", (document) => {
  test("links to what is there", () => {
    const from = pathToFileURL(join(root, document));
    const dead = linkTargets(read(document)).filter((target) => {
      if (/^https?:/.test(target)) {
        return false;
      }
      const url = new URL(target, from);
      const part = url.hash.slice(1);
      url.hash = "";
      return (
        !existsSync(url) || (part !== "" && !anchorsOf(readFileSync(url, "utf8")).includes(part))
      );
    });
    expect(dead).toEqual([]);
  });

  test("names files that are there", () => {
    const paths = codeSpans(read(document)).filter(
      (span) => /^[\w-]+(\/[\w.-]+)+\.(ts|proto)$/.test(span) && !span.startsWith("gen/"),
    );
    const folders = [root, join(root, dirname(document))];
    const missing = paths.filter((path) =>
      folders.every((folder) => !existsSync(join(folder, path))),
    );
    expect(missing).toEqual([]);
  });
});

/** Returns the text of docs/errors.md, which `npm test -- docs -u` updates. */
function renderErrorPage(): string {
  const rows = Object.entries(errorTable)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([code, [kind, message]]) => {
      const text = message.replaceAll("|", "\\|").replaceAll(/\{(\w+)\}/g, "*$1*");
      return `| \`${code}\` | ${codeName(codes[kind])} | ${text} |`;
    });
  return `# Errors

Errors that this server's own code reports to callers. A response has the Connect code, a message for people, and a
detail \`google.rpc.ErrorInfo\` for programs: \`reason\` is the error's code, \`domain\` is "unblock", and \`metadata\`
has the values in italics. Codes are stable, messages are not.

Errors of a full queue or limit (\`resource_exhausted\`), which may be retried later, also have
\`google.rpc.RetryInfo\`; \`UNBLOCK_INVALID_REQUEST\` has \`google.rpc.BadRequest\`, which names the fields.

| code | Connect code | message |
| --- | --- | --- |
${rows.join("\n")}
`;
}

test("the page of errors lists the table's", async () => {
  await expect(renderErrorPage()).toMatchFileSnapshot("errors.md");
});

test("the README's table of the eight has every strategy of the schema", () => {
  const rows = tableRows(read("README.md"));
  for (const { letter, allStrategies } of exercises) {
    const row = rows.find(([first]) => first === letter)?.join(" ") ?? "";
    const missing = allStrategies.filter(({ name }) => !row.includes(`\`${name}\``));
    expect(missing.map(({ name }) => `${letter} ${name}`)).toEqual([]);
  }
});

test.each(exercises)("the README of $letter has the schema's reasons", (exercise) => {
  const readme = read(`exercises/${folderName(exercise)}/README.md`);
  const reasons = tableRows(readme).flatMap(([name = "", , reason]) =>
    codeSpans(name).map((strategy) => [strategy, reason] as const),
  );
  expect(Object.fromEntries(reasons)).toEqual(
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

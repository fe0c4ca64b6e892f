import { execFile } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { codeBlocks, read, root } from "./testing/documents.ts";

const run = promisify(execFile);

/** Examples that are whole programs. Those of the published packages are run by other tests. */
const examples = globSync(["*/README.md", "packages/*/README.md"], { cwd: root })
  .filter((file) => !/^packages\/(http2|connect)\//.test(file))
  .flatMap((file) =>
    codeBlocks(read(file), "ts")
      .filter((code) => code.startsWith("import "))
      .map((code) => ({ file, code })),
  );

describe("the examples of the packages' READMEs", () => {
  let folder: string;
  beforeAll(() => {
    // Inside the project, where the packages' names are known, and ignored by git.
    mkdirSync(`${root}.unblock`, { recursive: true });
    folder = mkdtempSync(`${root}.unblock/readmes-`);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test("are there", () => {
    expect(examples.length).toBeGreaterThanOrEqual(10);
  });

  test.each(examples)("of $file run", { timeout: 60_000 }, async ({ file, code }) => {
    const program = join(folder, `${file.replaceAll("/", "-")}.ts`);
    writeFileSync(program, code);
    await expect(run(process.execPath, [program])).resolves.toMatchObject({ stderr: "" });
  });
});

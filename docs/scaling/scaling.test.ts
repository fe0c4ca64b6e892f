import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runCommand, stableLines } from "@unblock/test/cli";
import { expect, test } from "vitest";
import { codeBlocks } from "../testing/documents.ts";

const page = readFileSync(new URL("../scaling.md", import.meta.url), "utf8");

test.each(["littles-law.ts", "headroom.ts", "what-breaks-first.ts"])(
  "%s prints what scaling.md shows",
  async (program) => {
    const path = fileURLToPath(new URL(program, import.meta.url));
    const { code, stdout, stderr } = await runCommand(process.execPath, [path]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const [, afterLink = ""] = page.split(`(scaling/${program})`);
    const [block = ""] = codeBlocks(afterLink, "text");
    expect(stableLines(stdout.trim())).toEqual(stableLines(block.trim()));
  },
  120_000,
);

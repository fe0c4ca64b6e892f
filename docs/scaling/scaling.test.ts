import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { runCommand } from "../../testing/cli.ts";

const page = readFileSync(new URL("../scaling.md", import.meta.url), "utf8");

/** Lines that begin with "here:" differ from machine to machine; where they stand does not. */
function stableLines(output: string): string[] {
  return output
    .trim()
    .split("\n")
    .map((line) => (line.startsWith("here:") ? "here:" : line));
}

test.each(["littles-law.ts", "headroom.ts", "what-breaks-first.ts"])(
  "%s prints what the page says",
  async (program) => {
    const path = fileURLToPath(new URL(program, import.meta.url));
    const { code, stdout, stderr } = await runCommand(process.execPath, [path]);
    expect(stderr).toBe("");
    expect(code).toBe(0);
    const [, afterLink = ""] = page.split(`(scaling/${program})`);
    const [, block = ""] = /```text\n(.*?)```/s.exec(afterLink) ?? [];
    expect(stableLines(stdout)).toEqual(stableLines(block));
  },
  120_000,
);

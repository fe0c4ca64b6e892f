import { startCpuProfile } from "node:v8";
import { runCommand } from "@unblock/test/cli";
import { expect, test } from "vitest";
import { readProfile } from "./profile-witness.ts";
import { markedLine } from "./test/start-app.ts";

const text = 'say "x" 123 '.repeat(20_000);

test("a profile is parsed if a regular expression with quotes and backslashes ran", () => {
  const handle = startCpuProfile({ sampleInterval: 1 });
  const names = (): string[] => {
    const copy = startCpuProfile({ sampleInterval: 1 });
    for (let round = 0; round < 50; round++) {
      text.replaceAll(/"\w\\?"|\s(\d+)/g, "");
    }
    const profile = readProfile(copy.stop(), 0);
    return profile.samples.flatMap(({ node }) => profile.stackOf(node).map(({ name }) => name));
  };
  try {
    // It is in a profile only if a sample hit it.
    expect(Array.from({ length: 20 }, names).flat()).toContain("RegExp");
  } finally {
    handle.stop();
  }
});

const lineNumber = (mark: string) => markedLine("profiled", mark);

test("a profile shows what blocked, by computing or waiting, and the line", async () => {
  const { stdout, stderr } = await runCommand(process.execPath, [
    "packages/diagnose/test/profiled.ts",
  ]);
  expect(stderr).toBe("");
  const printed = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(printed).toEqual([
    {
      name: "wait",
      seen: [{ kind: "waiting", line: lineNumber("blocks: wait"), what: "wait", isAsync: false }],
    },
    {
      name: "query",
      seen: [{ kind: "computing", line: lineNumber("blocks: query"), what: "get", isAsync: false }],
    },
    {
      name: "hash",
      seen: [{ kind: "computing", line: lineNumber("blocks: hash"), what: "hash", isAsync: true }],
    },
    { name: "sleep", seen: [] },
  ]);
});

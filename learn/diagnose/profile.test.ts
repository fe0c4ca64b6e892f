import { expect, test } from "vitest";
import { runCommand } from "../../testing/cli.ts";
import { markedLine } from "./apps/start-app.ts";

const lineNumber = (mark: string) => markedLine("profiled", mark);

test("a profile tells what blocked, by computing or waiting, and in which line", async () => {
  const { stdout, stderr } = await runCommand(process.execPath, [
    "learn/diagnose/apps/profiled.ts",
  ]);
  expect(stderr).toBe("");
  const told = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  expect(told).toEqual([
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

import { runCommand } from "@unblock/test/cli";
import { expect, test } from "vitest";

const learn = (...args: readonly string[]) =>
  runCommand(process.execPath, ["learn/main.ts", ...args]);

test.each([[[]], [["--quiz"]]])(
  "without a terminal prints what to do and exits with 0: %j",
  async (args) => {
    const { code, stdout, stderr } = await learn(...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/A {2}Database lookup, blocking driver +learn\/yours\/a-get-user\.ts/);
    expect(stdout).toMatch(/^Score \d\/8/m);
  },
);

test("rejects an unknown letter with exit code 1", async () => {
  const { code, stderr } = await learn("--reset", "Z");
  expect(code).toBe(1);
  expect(stderr).toContain("A, B, C, D, E, F, G, H");
});

test("rejects unknown arguments with exit code 1", async () => {
  expect(await learn("A")).toMatchObject({ code: 1, stdout: "" });
});

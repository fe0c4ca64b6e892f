import { expect, test } from "vitest";
import { runCommand } from "../testing/cli.ts";

const learn = (...args: readonly string[]) =>
  runCommand(process.execPath, ["learn/main.ts", ...args]);

test.each([[[]], [["--quiz"]]])(
  "without a terminal it says what to do, and ends: %j",
  async (args) => {
    const { code, stdout, stderr } = await learn(...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^The course runs on a terminal: type `npm run learn` in one\./);
    expect(stdout).toContain("npm run check -- A ");
    expect(stdout).toMatch(/A {2}Database lookup, blocking driver +learn\/yours\/a-get-user\.ts/);
    expect(stdout).toMatch(/^Score \d\/8/m);
  },
);

test("says which exercises can be reset", async () => {
  const { code, stderr } = await learn("--reset", "Z");
  expect(code).toBe(1);
  expect(stderr).toContain('Expected one of A, B, C, D, E, F, G, H, got "Z".');
});

test("takes no arguments that it does not know", async () => {
  expect(await learn("A")).toMatchObject({ code: 1, stdout: "" });
});

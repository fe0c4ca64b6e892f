import { describe, expect, test } from "vitest";
import { lineOfCaller, ownLine } from "./last-words.ts";

const file = "file:///home/ada/learn/yours/a-get-user.ts";

describe("the line of a stack trace", () => {
  test("is the topmost of the file", () => {
    const stack = [
      "Error: boom",
      "    at query (file:///home/ada/backends/database.ts:45:3)",
      `    at findUser (${file}:12:9)`,
      `    at handler (${file}:16:20)`,
    ].join("\n");
    expect(ownLine(stack, file)).toBe(12);
  });

  test("is that of a syntax error", () => {
    const stack = "/home/ada/learn/yours/a-get-user.ts:3\nexport const a = (;\n\nSyntaxError: no";
    expect(ownLine(stack, file)).toBe(3);
  });

  test("is null without a frame of the file", () => {
    expect(ownLine("Error: boom\n    at node:internal/timers:1:1", file)).toBeNull();
    // Another file whose name begins alike.
    expect(ownLine(`Error\n    at x (${file}x:3:1)`, file)).toBeNull();
    expect(ownLine(undefined, file)).toBeNull();
  });

  test("is found in deep stacks", () => {
    const deep = (depth: number): number | null =>
      depth === 0 ? lineOfCaller(import.meta.url) : deep(depth - 1);
    expect(deep(20)).toBeTypeOf("number");
  });
});

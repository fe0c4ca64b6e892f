import { describe, expect, test } from "vitest";
import { parseProblems } from "./types.ts";

const files = ["/project/learn/yours/a-get-user.ts", "/project/learn/yours/b-get-weather.ts"];

describe("what the compiler says", () => {
  test("is told by file and line, without what it says of others", () => {
    const output = [
      "learn/yours/a-get-user.ts(12,7): error TS2741: Property 'email' is missing in type '{}'.",
      "  The expected type comes from the return type of this signature.",
      "learn/yours/a-get-user.ts(20,1): error TS1005: ')' expected.",
      "server/config.ts(1,1): error TS2304: Cannot find name 'x'.",
      "",
    ].join("\n");
    const problems = parseProblems(output, files, "/project");
    expect(problems.get(files[0] ?? "")).toEqual([
      { line: 12, text: "Property 'email' is missing in type '{}'." },
      { line: 20, text: "')' expected." },
    ]);
    expect(problems.get(files[1] ?? "")).toEqual([]);
    expect(problems.size).toBe(2);
  });
});

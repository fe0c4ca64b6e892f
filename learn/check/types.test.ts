import { describe, expect, test } from "vitest";
import { findAny, findDirectives, parseProblems } from "./types.ts";

const files = ["/project/learn/yours/a-get-user.ts", "/project/learn/yours/b-get-weather.ts"];

describe("compiler errors", () => {
  test("are parsed by file and line, without other files", () => {
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

describe("a suppressed type check", () => {
  test("is found in comments of each kind", () => {
    const source = [
      "// @ts-nocheck",
      "work(); // @ts-ignore",
      "/* @ts-expect-error: it is so */",
      "/**",
      " * @ts-ignore",
      " */",
      "const text = '@ts-ignore';",
    ].join("\n");
    expect(findDirectives(source)).toEqual([
      { line: 1, what: "@ts-nocheck" },
      { line: 2, what: "@ts-ignore" },
      { line: 3, what: "@ts-expect-error" },
      { line: 5, what: "@ts-ignore" },
    ]);
  });

  test.each([
    "const a: any = 1;",
    "const b = JSON.parse(text) as any;",
    "const c = new Map<string, any>();",
    "function d(e: any[]) {}",
    "type F = any;",
    "type G = string | any;",
  ])("is found as the type any: %s", (line) => {
    expect(findAny(line)).toEqual([{ line: 1, what: "any" }]);
  });

  test.each([
    "const either = AbortSignal.any([signal, other]);",
    "await Promise.any(all);",
    "const a = { any: 1 };",
    "// Any of them: any is right.",
    'const text = "as any";',
    "const anything: unknown = 1;",
  ])("is not: %s", (line) => {
    expect(findAny(line)).toEqual([]);
  });
});

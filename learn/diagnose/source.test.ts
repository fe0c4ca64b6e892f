import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { findCall, isAsyncFunction, isPutOff, textOf } from "./source.ts";

const source = `function first(
  path: string,
): string {
  const one = readFileSync(path);
  const myreadFileSync = 1;
  return other.readFileSync<string>(path);
}
function second() {
  readFileSync("elsewhere");
}
const arrow = async (id: number) => find(id);
class Users {
  async load<Kind>(id: number) {}
  static plain(id: number) {}
}
new Promise<string>((resolve) => resolve(work()));
wait().then(function later() {});
setImmediate(() => work());
async function named() {}
handle(asyncThing, (x) => x);
`;
const folder = mkdtempSync(join(tmpdir(), "diagnose-source-"));
const file = join(folder, "source.ts");
writeFileSync(file, source);
afterAll(() => rmSync(folder, { recursive: true }));

/** Where a text begins, and the column after what comes before it. */
function at(text: string, within = text) {
  const lines = source.split("\n");
  const line = lines.findIndex((one) => one.includes(text));
  return { line: line + 1, column: (lines[line]?.indexOf(within) ?? 0) + 1 };
}

test("finds the call in the function, and not in the next one", () => {
  const begins = at("function first");
  expect(findCall(file, begins, "readFileSync", undefined)?.line).toBe(4);
  expect(findCall(file, begins, "readFileSync", 6)?.line).toBe(6);
  expect(findCall(file, at("function second"), "readFileSync", undefined)?.line).toBe(9);
  expect(findCall(file, at("function second"), "find", undefined)).toBe(undefined);
  expect(findCall(file, begins, "", undefined)).toBe(undefined);
});

test("looks through the whole file when it is not known where the function begins", () => {
  expect(findCall(file, { line: 1, column: 1 }, "wait", undefined)?.line).toBe(17);
});

test("finds a call in the function's own line", () => {
  expect(findCall(file, at("const arrow", "(id: number) =>"), "find", undefined)?.line).toBe(11);
});

test.each([
  ["an arrow, at its start", at("const arrow", "async (id"), true],
  ["an arrow, at its parameters", at("const arrow", "(id: number) =>"), true],
  ["a method, at its parameters", at("async load", "(id: number)"), true],
  ["a function, at its start", at("async function named"), true],
  ["a function, at its parameters", at("async function named", "() {}"), true],
  ["a method that is not", at("static plain", "(id: number)"), false],
  ["one beside a name that begins like it", at("handle(asyncThing", "(x) => x"), false],
])("tells whether it is async: %s", (_, begins, wanted) => {
  expect(isAsyncFunction(file, begins)).toBe(wanted);
});

test.each([
  ["a promise's", at("new Promise", "(resolve) =>"), true],
  ["a then's, at its start", at("wait().then", "function later"), true],
  ["a then's, at its parameters", at("wait().then", "() {}"), true],
  ["a later turn's", at("setImmediate", "() => work"), true],
  ["another's", at("handle(asyncThing", "(x) => x"), false],
])("tells whether it was put off: %s", (_, begins, wanted) => {
  expect(isPutOff(file, begins)).toBe(wanted);
});

test("shows a line without its indent, and nothing of a file that is not there", () => {
  expect(textOf(file, 4)).toBe("const one = readFileSync(path);");
  expect(textOf(join(folder, "none.ts"), 1)).toBe("");
});

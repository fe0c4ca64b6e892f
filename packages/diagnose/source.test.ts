import { join } from "node:path";
import { temporaryFolder } from "@unblock/test/folder";
import { expect, test } from "vitest";
import { findCall, isAsyncFunction, isDeferred, textOf } from "./source.ts";

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
const folder = temporaryFolder({ "source.ts": source });
const file = join(folder, "source.ts");

/** Position of a text in the source. */
function at(text: string, within = text) {
  const lines = source.split("\n");
  const line = lines.findIndex((one) => one.includes(text));
  return { line: line + 1, column: (lines[line]?.indexOf(within) ?? 0) + 1 };
}

test("finds a call in the function, and not in the next one", () => {
  const begins = at("function first");
  expect(findCall(file, begins, "readFileSync", undefined)?.line).toBe(4);
  expect(findCall(file, begins, "readFileSync", 6)?.line).toBe(6);
  expect(findCall(file, at("function second"), "readFileSync", undefined)?.line).toBe(9);
  expect(findCall(file, at("function second"), "find", undefined)).toBe(undefined);
  expect(findCall(file, begins, "", undefined)).toBe(undefined);
});

test("searches the whole file if the beginning of the function is unknown", () => {
  expect(findCall(file, { line: 1, column: 1 }, "wait", undefined)?.line).toBe(17);
});

test("finds a call in the first line of the function", () => {
  expect(findCall(file, at("const arrow", "(id: number) =>"), "find", undefined)?.line).toBe(11);
});

test.each([
  ["an arrow, at its start", at("const arrow", "async (id"), true],
  ["an arrow, at its parameters", at("const arrow", "(id: number) =>"), true],
  ["a method, at its parameters", at("async load", "(id: number)"), true],
  ["a function, at its start", at("async function named"), true],
  ["a function, at its parameters", at("async function named", "() {}"), true],
  ["a method that is not async", at("static plain", "(id: number)"), false],
  ["a function next to a name that begins with async", at("handle(asyncThing", "(x) => x"), false],
])("recognises async functions: %s", (_, begins, expected) => {
  expect(isAsyncFunction(file, begins)).toBe(expected);
});

test.each([
  ["of a promise", at("new Promise", "(resolve) =>"), true],
  ["of then(), at its start", at("wait().then", "function later"), true],
  ["of then(), at its parameters", at("wait().then", "() {}"), true],
  ["of a later turn", at("setImmediate", "() => work"), true],
  ["of another call", at("handle(asyncThing", "(x) => x"), false],
])("recognises functions that run later: %s", (_, begins, expected) => {
  expect(isDeferred(file, begins)).toBe(expected);
});

test("shows a line without its indent, and nothing of a missing file", () => {
  expect(textOf({ file, line: 4, what: "" })).toBe("const one = readFileSync(path);");
  expect(textOf({ file: join(folder, "none.ts"), line: 1, what: "" })).toBe("");
});

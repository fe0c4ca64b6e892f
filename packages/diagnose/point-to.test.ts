import { expect, test } from "vitest";
import { pointTo, Votes } from "./point-to.ts";
import { type Frame, isLoading, type Stack, toFile } from "./stack.ts";

const own = "/app/users.ts";
const isOwn = (file: string) => file === own;
const frame = (name: string, file?: string, line?: number, begins = 10): Frame => ({
  name,
  file,
  line,
  column: undefined,
  nearLine: undefined,
  begins: { line: begins, column: 1 },
});
const packed = "/app/node_modules/driver/index.js";

test("points to the innermost own line, and names what is called there", () => {
  const stack: Stack = [
    frame("wait"),
    frame("query", packed, 3),
    frame("findUser", own, 12),
    frame("handle", own, 40),
  ];
  expect(pointTo(stack, isOwn)).toEqual({
    line: { file: own, line: 12, what: "query" },
    isAsync: false,
    cause: { id: "package driver", package: "driver" },
  });
});

test.each([
  [
    "a package that is called",
    [frame("wait"), frame("", packed, 3), frame("a", own, 1)],
    "package driver",
  ],
  [
    "a scoped package in a store of packages",
    [frame("", "/app/node_modules/.pnpm/@x+y@1/node_modules/@x/y/a.js", 3), frame("a", own, 1)],
    "package @x/y",
  ],
  ["a package without a caller", [frame("parse"), frame("", packed, 3)], "package driver"],
  ["a blocking call", [frame("readFileSync"), frame("a", own, 1)], "call readFileSync"],
  ["a function", [frame("hash"), frame("a", own, 1)], `function a ${own}:10`],
  [
    "a function that a package calls",
    [frame("a", own, 1), frame("", packed, 3)],
    `function a ${own}:10`,
  ],
])("names the cause: %s", (_, stack, id) => {
  expect(pointTo(stack, isOwn)?.cause.id).toBe(id);
});

test("points to a package if nothing else is in a file, and to nothing if nothing is", () => {
  const stack: Stack = [frame("parse"), frame("", packed, 3)];
  expect(pointTo(stack, isOwn)?.line).toEqual({ file: packed, line: 3, what: "parse" });
  expect(pointTo([frame("parse")], isOwn)).toBe(undefined);
  expect(pointTo([], isOwn)).toBe(undefined);
});

test("points to nothing if only the file is known", () => {
  const body: Frame = { ...frame("", own), begins: { line: 1, column: 1 } };
  expect(pointTo([frame("parse"), body], isOwn)).toBe(undefined);
});

test("recognises the loading of a module by the module's body", () => {
  const body: Frame = { ...frame("", own, 7), begins: { line: 1, column: 1 } };
  expect(isLoading([frame("hash", own, 3), body, frame("run")])).toBe(true);
  expect(isLoading([body, frame("handle", own, 3)])).toBe(false);
  expect(isLoading([frame("handle", own, 3)])).toBe(false);
  expect(isLoading([])).toBe(false);
});

test.each([
  ["file:///app/users.ts", own],
  ["file:///app/users.ts?watch", own],
  ["/app/users.ts", own],
  ["node:fs", undefined],
  ["", undefined],
  ["[worker eval]", undefined],
  [import.meta.url, undefined],
])("recognises files: %s", (script, expected) => {
  expect(toFile(script)).toBe(expected);
});

test("elects the function with most of the time, at its line with most of that", () => {
  const votes = new Votes(isOwn);
  const [slow, slower, other] = [
    [frame("loop", own, 3, 1)],
    [frame("loop", own, 4, 1)],
    [frame("other", own, 20, 15)],
  ];
  votes.add(slow, 20);
  votes.add(slower, 35);
  votes.add(other, 45);
  expect(votes.winner()).toBe(slower);
});

test("elects none with less than half of the time", () => {
  const votes = new Votes(isOwn);
  votes.add([frame("loop", own, 3, 1)], 40);
  votes.add([frame("other", own, 20, 15)], 30);
  votes.add([], 30);
  expect(votes.winner()).toBe(undefined);
});

test("if no function has half, elects callers of a blocking call that has, or the loop that calls them", () => {
  const votes = new Votes(isOwn);
  const dispatch = frame("dispatch", own, 90, 80);
  votes.add([frame("execSync"), frame("one", own, 3, 1), dispatch], 35);
  votes.add([frame("execSync"), frame("two", own, 20, 15), dispatch], 40);
  votes.add([frame("three", own, 33, 30), dispatch], 25);
  expect(votes.winner()?.[1]?.name).toBe("two");

  const looping = new Votes(isOwn);
  const loop = frame("loop", own, 3, 1);
  looping.add([frame("generate", own, 20, 15), loop, dispatch], 40);
  looping.add([frame("helper", own, 33, 30), loop, dispatch], 40);
  looping.add([loop, dispatch], 20);
  expect(looping.winner()?.[0]).toBe(loop);

  // A function that only forwards calls is not elected.
  const handing = new Votes(isOwn);
  handing.add([frame("one", own, 3, 1), dispatch], 35);
  handing.add([frame("two", own, 20, 15), dispatch], 40);
  handing.add([frame("three", own, 33, 30), dispatch], 25);
  expect(handing.winner()).toBe(undefined);
});

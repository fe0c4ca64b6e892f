import { describe, expect, test } from "vitest";
import { lineOfMistake } from "./line-of-mistake.ts";

const source = `import { Worker } from "node:worker_threads";
/** new Worker in a comment */
export const decision = { strategy: "cpu-pool", why: "It is simple." };
export const handler = async ({ userId }, signal) => {
  const worker = new Worker(new URL(import.meta.url));
  return worker;
};`;

describe("the line of a mistake", () => {
  test("is the first with code that the mistake is made with", () => {
    expect(lineOfMistake("a.ts", source, { name: "executor-per-call" })).toEqual({
      file: "a.ts",
      line: 5,
      what: "Worker",
    });
  });

  test("is the handler's without such code", () => {
    expect(lineOfMistake("a.ts", source, { name: "hides-failure" })).toEqual({
      file: "a.ts",
      line: 4,
      what: "handler",
    });
  });

  test("is undefined without a handler", () => {
    expect(lineOfMistake("a.ts", "", { name: "hides-failure" })).toBeUndefined();
  });
});

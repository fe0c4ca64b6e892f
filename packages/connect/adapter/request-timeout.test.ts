import { expect, test } from "vitest";
import { createAdapter } from "./adapter.ts";

const open = (requestTimeoutMs: number) => createAdapter({ routes: () => {}, requestTimeoutMs });

test.each([0, -1, 2 ** 31, Number.POSITIVE_INFINITY, Number.NaN])("rejects %d ms", (ms) => {
  expect(() => open(ms)).toThrow(
    new RangeError(`Expected requestTimeoutMs to be from 1 to 2147483647, got ${ms}`),
  );
});

test.each([1, 2 ** 31 - 1])("accepts %d ms", (ms) => {
  expect(() => open(ms)).not.toThrow();
});

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { flagName } from "./command.ts";
import {
  completeConfig,
  type NumberOptionName,
  numberOptionNames,
  numberOptions,
} from "./config.ts";

const limits = readFileSync(new URL("../docs/limits.md", import.meta.url), "utf8");

/** Defaults in the tables of docs/limits.md, by flag, such as `["--max-timeout", "5 min"]`. */
const documented = Array.from(
  limits.matchAll(/^\|[^|]*\| ([\d,]+ ?\w*|none) \| `(--[\w-]+)` \|$/gm),
  ([, value = "", flag = ""]) => [flag, value] as const,
);

function inWords(name: NumberOptionName): string {
  const [value] = numberOptions[name];
  if (!name.endsWith("Ms")) {
    return value.toLocaleString("en");
  }
  return value === 0 ? "none" : value > 60_000 ? `${value / 60_000} min` : `${value / 1_000} s`;
}

test("docs/limits.md states the defaults", () => {
  const defaults = new Map(numberOptionNames().map((name) => [flagName(name), inWords(name)]));
  expect(documented).not.toHaveLength(0);
  expect(documented).toEqual(documented.map(([flag]) => [flag, defaults.get(flag)]));
});

test.each(numberOptionNames().filter((name) => name !== "libuvThreads"))(
  "accepts %s from its minimum to its maximum",
  (name) => {
    const [, min, max] = numberOptions[name];
    expect(completeConfig({ [name]: min })[name]).toBe(min);
    expect(completeConfig({ [name]: max })[name]).toBe(max);
    for (const value of [min - 1, max + 1, min + 0.5, Number.NaN]) {
      expect(() => completeConfig({ [name]: value })).toThrow(RangeError);
    }
  },
);

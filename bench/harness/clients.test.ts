import { describe, expect, test } from "vitest";
import { readReport } from "./clients.ts";

const good = {
  date: "2026-11-23T22:00:00Z",
  count: 3,
  total: 3_000_000,
  rps: 1_000,
  statusCodeDistribution: { OK: 3 },
  errorDistribution: {},
};
const read = (report: unknown, more: { code?: number; stderr?: string } = {}) =>
  readReport({ who: "ghz", code: 0, stdout: JSON.stringify(report), stderr: "", ...more });

test("accepts a report whose calls all succeeded", () => {
  expect(read(good)).toEqual(good);
});

test("accepts a report of a client that was the limit itself", () => {
  expect(read(good, { code: 3 }).count).toBe(3);
});

describe("rejects", () => {
  test("failed calls, which would count as fast ones", () => {
    const failed = {
      ...good,
      statusCodeDistribution: { OK: 2, Unavailable: 1 },
      errorDistribution: { "connection refused": 1 },
    };
    expect(() => read(failed)).toThrow(
      'Expected ghz to have no failed call, got {"OK":2,"Unavailable":1} connection refused',
    );
  });

  test("no calls at all", () => {
    expect(() => read({ ...good, count: 0, statusCodeDistribution: null })).toThrow(
      "no failed call",
    );
  });

  test.each([
    ["nothing", "", "got nothing; exit code 1: no such flag"],
    ["words", "oh no", 'got "oh no"; exit code 1: no such flag'],
    ["other JSON", '{"count":"3"}', 'got "{"count":"3"}"; exit code 1'],
    ["null", "null", 'got "null"'],
  ])("%s instead of a report", (_, stdout, message) => {
    const output = { who: "ghz", code: 1, stdout, stderr: "no such flag" };
    expect(() => readReport(output)).toThrow(message);
  });

  test("a silent client", () => {
    const output = { who: "ghz", code: 1, stdout: "", stderr: "" };
    expect(() => readReport(output)).toThrow("exit code 1, with nothing on standard error");
  });
});

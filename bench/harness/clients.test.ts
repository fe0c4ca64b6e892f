import { describe, expect, test } from "vitest";
import { readCalls, readReport } from "./clients.ts";

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

const h2loadOutput = `
finished in 2.00s, 83012.50 req/s, 5.21MB/s
requests: 166025 total, 166077 started, 166025 done, 166025 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 166077 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 10.42MB (10927000) total, 2.11MB (2212000) headers (space savings 80.00%), 4.91MB (5146775) data
                     min         max         mean         sd        +/- sd
`;

test("reads the number of calls of h2load", () => {
  expect(readCalls(h2loadOutput, 31)).toBe(166_025);
});

test.each([
  ["without a result", "no such file"],
  ["with failed calls", h2loadOutput.replace("0 failed", "2 failed")],
  ["without calls", h2loadOutput.replace("166025 succeeded", "0 succeeded")],
  ["whose responses have no message", h2loadOutput.replace("(5146775) data", "(0) data")],
])("rejects a run of h2load %s", (_, text) => {
  expect(() => readCalls(text, 31)).toThrow("no failed call and 31 bytes per response");
});

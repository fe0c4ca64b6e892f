import { expect, test } from "vitest";
import { readCalls } from "./h2load.ts";

const output = `
finished in 2.00s, 83012.50 req/s, 5.21MB/s
requests: 166025 total, 166077 started, 166025 done, 166025 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 166077 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 10.42MB (10927000) total, 2.11MB (2212000) headers (space savings 80.00%), 4.91MB (5146775) data
                     min         max         mean         sd        +/- sd
`;

test("reads the number of calls", () => {
  expect(readCalls(output, 31)).toBe(166_025);
});

test.each([
  ["without a result", "no such file"],
  ["with failed calls", output.replace("0 failed", "2 failed")],
  ["without calls", output.replace("166025 succeeded", "0 succeeded")],
  ["whose responses have no message", output.replace("(5146775) data", "(0) data")],
])("rejects a run %s", (_, text) => {
  expect(() => readCalls(text, 31)).toThrow("no failed call and 31 bytes per response");
});

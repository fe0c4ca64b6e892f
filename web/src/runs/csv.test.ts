import { create } from "@bufbuild/protobuf";
import { RunSchema } from "@unblock/proto/gen/lab";
import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { csvOf } from "./csv.ts";

const read = (csv: string): Record<string, string>[] => parse(csv, { columns: true });

test("has a line per call of a race", () => {
  const steps = [
    { name: "queue", ms: 1 },
    { name: "work", ms: 50 },
  ];
  const call = {
    index: 0,
    sentMs: 0,
    endedMs: 55,
    beganMs: 2,
    steps,
    executor: "blocking-pool",
    code: "ok",
  };
  const failed = { index: 1, sentMs: 0, endedMs: 9, code: "unknown", message: '=1+1, "quoted"' };
  const bursts = [{ strategy: "blocking-pool", events: { calls: [call, failed] } }];
  const kind = { case: "race" as const, value: { bursts } };
  const [first, second] = read(csvOf(create(RunSchema, { summary: { exercise: "A" }, kind })));
  expect(first).toMatchObject({
    ...{ exercise: "A", strategy: "blocking-pool", call: "1", sent_ms: "0", work_began_ms: "3" },
    ...{ ended_ms: "55", queue_ms: "1", work_ms: "50", download_ms: "", executor: "blocking-pool" },
  });
  // Spreadsheets must not evaluate it as a formula.
  expect(second).toMatchObject({ code: "unknown", message: `'=1+1, "quoted"` });
});

test("has a line per interval of a load", () => {
  const intervals = [{ startMs: 0, endMs: 1_000, calls: 50, errors: 1, p50Ms: 2, p99Ms: 3 }];
  const csv = csvOf(create(RunSchema, { kind: { case: "load", value: { intervals } } }));
  expect(read(csv)).toEqual([
    {
      ...{ start_ms: "0", end_ms: "1000", calls: "50", errors: "1", p50_ms: "2", p99_ms: "3" },
      client_limited: "false",
    },
  ]);
});

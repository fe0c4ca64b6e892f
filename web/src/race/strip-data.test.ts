import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { BystanderCallSchema, LoopSampleSchema } from "../../../gen/unblock/v1/lab_pb.ts";
import { stripData } from "./strip-data.ts";

test("a delay grows from nothing, and a bystander's wait is where it was meant to be", () => {
  const loop = [create(LoopSampleSchema, { atMs: 100, delayMs: 90, utilization: 1 })];
  const bystander = [create(BystanderCallSchema, { intendedMs: 20, latencyMs: 85 })];
  const [times, delays, latencies, utilizations] = stripData({ loop, bystander });
  const at = (ms: number) => Array.from(times).indexOf(ms);
  expect(Array.from(times)).toEqual([0, 10, 20, 100]);
  expect([delays?.[at(10)], delays?.[at(100)]]).toEqual([0, 90]);
  expect(latencies?.[at(20)]).toBe(85);
  expect([utilizations?.[at(0)], utilizations?.[at(100)]]).toEqual([100, 100]);
});

test("is empty while nothing is known", () => {
  expect(stripData({ loop: [], bystander: [] })).toEqual([[], [], [], []]);
});

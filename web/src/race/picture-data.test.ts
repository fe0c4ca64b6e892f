import { create } from "@bufbuild/protobuf";
import { type Call, CallSchema, LoopSampleSchema, ProbeCallSchema } from "@unblock/proto/gen/lab";
import { expect, test } from "vitest";
import { freezesOf, lanesOf, stripData } from "./picture-data.ts";

function ran(index: number, executor: string, thread?: string, pid = "7"): Call {
  return create(CallSchema, {
    ...{ index, executor, pid, code: "ok", sentMs: 0, endedMs: 10, beganMs: 10 - index },
    ...(thread === undefined ? {} : { thread }),
  });
}

test("has a lane per thread, numbered from 1 in each executor", () => {
  const calls = [
    ran(0, "cpu-pool", "31"),
    ran(1, "blocking-pool", "12"),
    ran(2, "blocking-pool", "4"),
    ran(3, "blocking-pool", "12"),
    ran(4, "event-loop", "0"),
  ];
  const lanes = lanesOf(calls).map(({ name, calls }) => [name, calls.map(({ index }) => index)]);
  expect(lanes).toEqual([
    ["event loop", [4]],
    ["thread 1", [2]],
    ["thread 2", [3, 1]],
    ["worker 1", [0]],
  ]);
});

test("has a lane per process, and one for a pool whose threads have no number", () => {
  const calls = [ran(0, "processes", undefined, "90"), ran(1, "processes", undefined, "91")];
  expect(lanesOf([...calls, ran(2, "libuv"), ran(3, "libuv")]).map(({ name }) => name)).toEqual([
    "libuv",
    "process 1",
    "process 2",
  ]);
});

test("puts calls with unknown location last", () => {
  expect(
    lanesOf([ran(0, "", undefined, ""), ran(1, "queue", "1")]).map(({ name }) => name),
  ).toEqual(["queue 1", "unknown"]);
});

const sample = (atMs: number, delayMs: number) => create(LoopSampleSchema, { atMs, delayMs });

test("finds no freeze in a loop without long delays", () => {
  expect(freezesOf([sample(5, 0.2), sample(10, 0.1), sample(15, 12)])).toEqual([]);
});

test("finds a freeze, from the time at which the sample was due", () => {
  expect(freezesOf([sample(5, 0), sample(520, 510)])).toEqual([{ fromMs: 10, toMs: 520 }]);
});

test("joins freezes with a short gap between them", () => {
  expect(freezesOf([sample(60, 50), sample(115, 50), sample(300, 50)])).toEqual([
    { fromMs: 10, toMs: 115 },
    { fromMs: 250, toMs: 300 },
  ]);
});

test("draws a delay growing from 0, and a probe's latency at the time at which it was due", () => {
  const loop = [create(LoopSampleSchema, { atMs: 100, delayMs: 90, utilization: 1 })];
  const probe = [create(ProbeCallSchema, { intendedMs: 20, latencyMs: 85 })];
  const [times, delays, latencies, utilizations] = stripData({ loop, probe });
  const at = (ms: number) => Array.from(times).indexOf(ms);
  expect(Array.from(times)).toEqual([0, 10, 20, 100]);
  expect([delays?.[at(10)], delays?.[at(100)]]).toEqual([0, 90]);
  expect(latencies?.[at(20)]).toBe(85);
  expect([utilizations?.[at(0)], utilizations?.[at(100)]]).toEqual([100, 100]);
});

test("has empty columns without samples", () => {
  expect(stripData({ loop: [], probe: [] })).toEqual([[], [], [], []]);
});

import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { type Call, CallSchema } from "../../../gen/unblock/v1/lab_pb.ts";
import { lanesOf } from "./lanes.ts";

function ran(index: number, place: string, thread?: string, pid = "7"): Call {
  return create(CallSchema, {
    ...{ index, place, pid, code: "ok", sentMs: 0, endedMs: 10, beganMs: 10 - index },
    ...(thread === undefined ? {} : { thread }),
  });
}

test("has a lane for each thread, numbered from 1 in each place", () => {
  const calls = [
    ran(0, "workers", "31"),
    ran(1, "threads", "12"),
    ran(2, "threads", "4"),
    ran(3, "threads", "12"),
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

test("has a lane for each process, and one for a pool whose threads have no number", () => {
  const calls = [ran(0, "processes", undefined, "90"), ran(1, "processes", undefined, "91")];
  expect(lanesOf([...calls, ran(2, "libuv"), ran(3, "libuv")]).map(({ name }) => name)).toEqual([
    "libuv",
    "process 1",
    "process 2",
  ]);
});

test("puts calls that did not say where they ran last", () => {
  expect(
    lanesOf([ran(0, "", undefined, ""), ran(1, "queue", "1")]).map(({ name }) => name),
  ).toEqual(["queue 1", "not told"]);
});

import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import { LoopSampleSchema } from "../../../gen/unblock/v1/lab_pb.ts";
import { frozenSpans } from "./frozen.ts";

const look = (atMs: number, delayMs: number) => create(LoopSampleSchema, { atMs, delayMs });

test("finds no freeze in a loop that comes in time", () => {
  expect(frozenSpans([look(5, 0.2), look(10, 0.1), look(15, 12)])).toEqual([]);
});

test("finds when the loop stood still: from where the look was due", () => {
  expect(frozenSpans([look(5, 0), look(520, 510)])).toEqual([{ fromMs: 10, toMs: 520 }]);
});

test("takes freezes with a mere breath between them for one", () => {
  expect(frozenSpans([look(60, 50), look(115, 50), look(300, 50)])).toEqual([
    { fromMs: 10, toMs: 115 },
    { fromMs: 250, toMs: 300 },
  ]);
});

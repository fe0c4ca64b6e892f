import { describe, expect, test } from "vitest";
import { evidenceOf, type Seen } from "../testing/evidence.ts";
import { connectedBy, leftBy, startedBy } from "./executors.ts";

const started = (...newThreads: readonly number[]) =>
  startedBy(newThreads.map((count) => evidenceOf({ observed: { newThreads: count } })));
const opened = (...counts: readonly number[]) =>
  connectedBy(counts.map((count) => evidenceOf({ connections: { opened: count, open: 0 } })));
const left = (before: Seen, last: Seen) =>
  leftBy(evidenceOf(before), evidenceOf(last)).map(({ what }) => what);

describe("what calls at once start, open and leave", () => {
  test("is a thread a call only where it is so each time", () => {
    expect(started(10, 10)).toEqual([{ what: "threads", count: 10, calls: 10 }]);
    // A pool is made by the first.
    expect(started(10, 0)).toEqual([]);
    expect(started(10)).toEqual([]);
  });

  test("is a connection a call only where none is used again", () => {
    expect(opened(10, 10)).toEqual({ what: "connections", count: 10, calls: 10 });
    expect(opened(10, 2)).toBeUndefined();
  });

  test("is what is there more and more", () => {
    expect(left({ left: { threads: 10 } }, { left: { threads: 20 } })).toEqual(["threads"]);
    expect(left({ left: { threads: 16 } }, { left: { threads: 16 } })).toEqual([]);
    expect(left({}, { left: { files: 10, intervals: 10 } })).toEqual(["files", "intervals"]);
  });

  test("tells nothing of a single call", () => {
    expect(left({ calls: 1 }, { calls: 1, left: { threads: 1 } })).toEqual([]);
  });
});

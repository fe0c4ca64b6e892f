import { expect, test } from "vitest";
import { createPinning } from "../harness/processes.ts";
import type { Resources } from "../harness/serve.ts";
import { startEchoServer } from "../rpc/servers.ts";
import { callAtRandom, callsOf, emptyTally } from "./client.ts";
import { findingOf } from "./command.ts";

test("calls of all kinds succeed, are cancelled or cut off, and none fails", async () => {
  await using server = await startEchoServer("unblock", createPinning());
  const tally = emptyTally();
  const isEnough = () =>
    callsOf(tally) >= 1_000 && tally.cancelled > 0 && tally.cut > 0 && tally.connections > 8;
  await callAtRandom(new URL(server.url), tally, () => isEnough() || callsOf(tally) >= 20_000);
  expect(tally.problems).toEqual([]);
  expect(tally.failed).toBe(0);
  expect(isEnough()).toBe(true);
  expect(tally.right).toBeGreaterThan(tally.cancelled);
});

const resources: Resources = {
  heapBytes: 20e6,
  externalBytes: 3e6,
  residentBytes: 100e6,
  descriptors: 25,
  threads: 11,
};
const reachedWith = (last: Partial<Resources>, right = 100, failed = 0) =>
  findingOf({ ...emptyTally(), right, failed }, 50, resources, { ...resources, ...last })
    .rows.filter(({ reached }) => reached === false)
    .map(({ what }) => what.split(":")[0]);

test("misses its target when one of the resources grew by more than 5 %", () => {
  expect(reachedWith({ heapBytes: 20.9e6, externalBytes: 2e6, residentBytes: 200e6 })).toEqual([]);
  expect(reachedWith({ heapBytes: 21.1e6 })).toEqual(["heap"]);
  expect(reachedWith({ externalBytes: 3.2e6 })).toEqual(["external memory"]);
  expect(reachedWith({ descriptors: 27, threads: 12 })).toEqual(["file descriptors", "threads"]);
});

test("misses its target when a call failed, or when calls were too few", () => {
  expect(reachedWith({}, 100, 1)).toEqual(["failed calls"]);
  expect(reachedWith({}, 99)).toEqual(["calls"]);
});

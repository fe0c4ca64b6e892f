import { impatientServers, sweepByHand } from "@unblock/server/testing/impatient-server";
import {
  assertServes,
  grpc,
  hashPath,
  openSession,
  UnendedRequest,
  waitOptions,
} from "@unblock/server/testing/unended-request";
import { expect, test, vi } from "vitest";

const sweep = sweepByHand();
const start = impatientServers();

test("ends a call that is incomplete at two consecutive sweeps", async () => {
  const server = await start({ timeLimits: {} });
  const session = openSession(server.url);
  const first = new UnendedRequest(session, hashPath, grpc);
  await vi.waitUntil(() => server.holds().streams === 1, waitOptions);
  sweep();
  const second = new UnendedRequest(session, hashPath, grpc);
  await vi.waitUntil(() => server.holds().streams === 2, waitOptions);
  sweep();
  await first.assertClosed();
  await assertServes(session);
  expect(second.stream.closed).toBe(false);
  sweep();
  await second.assertClosed();
});

test("runs no timer without calls", async () => {
  const server = await start({ timeLimits: {} });
  const session = openSession(server.url);
  // With open connections, the timer of idle ones runs.
  await assertServes(session);
  sweep();
  const timers = vi.getTimerCount();
  for (const _ of ["once", "and again"]) {
    const request = new UnendedRequest(session, hashPath, grpc);
    await vi.waitUntil(() => server.holds().streams === 1, waitOptions);
    expect(vi.getTimerCount()).toBe(timers + 1);
    sweep();
    sweep();
    await request.assertClosed();
    sweep();
    expect(vi.getTimerCount()).toBe(timers);
  }
});

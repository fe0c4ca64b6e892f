import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Deadlines, type Expiring } from "./deadlines.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function callOf(expire: (timeoutMs: number) => void): Expiring {
  return { expiryMs: 0, previous: undefined, next: undefined, expire };
}

test("ends each call at its deadline, and no call that has ended before", () => {
  const queue = new Deadlines().of(100);
  const expired: string[] = [];
  const calls = ["a", "b", "c", "d"].map((name) => callOf(() => expired.push(name)));
  for (const call of calls) {
    queue?.add(call, performance.now());
    vi.advanceTimersByTime(10);
  }
  for (const at of [1, 3]) {
    const call = calls[at];
    if (call !== undefined) {
      queue?.remove(call);
      queue?.remove(call);
    }
  }
  vi.advanceTimersByTime(59);
  expect(expired).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(expired).toEqual(["a"]);
  vi.advanceTimersByTime(20);
  expect(expired).toEqual(["a", "c"]);
});

test("takes calls again when it was empty, also from a call that ends", () => {
  const queue = new Deadlines().of(100);
  const expired: number[] = [];
  const again = callOf((timeoutMs) => expired.push(timeoutMs));
  const first = callOf(() => queue?.add(again, performance.now()));
  queue?.add(first, performance.now());
  vi.advanceTimersByTime(100);
  expect(expired).toEqual([]);
  vi.advanceTimersByTime(100);
  expect(expired).toEqual([100]);
  queue?.add(again, performance.now());
  vi.advanceTimersByTime(100);
  expect(expired).toEqual([100, 100]);
  expect(vi.getTimerCount()).toBe(0);
});

test("has one queue per timeout, and none without one", () => {
  const deadlines = new Deadlines();
  expect(deadlines.of(100)).toBe(deadlines.of(100));
  expect(deadlines.of(200)).not.toBe(deadlines.of(100));
  expect(deadlines.of(0)).toBeUndefined();
});

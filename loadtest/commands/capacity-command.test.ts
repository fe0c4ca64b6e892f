import { expect, test } from "vitest";
import { findCapacity, type Outcome } from "./capacity-command.ts";

const search = (outcomeAt: (rate: number, attempt: number) => Outcome, startRate = 100) => {
  let attempt = 0;
  return findCapacity({ startRate, maxRate: 1_000_000 }, async (rate) =>
    outcomeAt(rate, ++attempt),
  );
};
const holdsUpTo = (max: number) => (rate: number) => (rate <= max ? "held" : "missed");

test.each([
  [1, 100],
  [7, 100],
  [100, 100],
  [1_234, 100],
  [99_999, 100],
  [50, 10_000],
])("finds %i per second within 5 %, starting with %i", async (max, startRate) => {
  const { rate, limitedBy } = await search(holdsUpTo(max), startRate);
  expect(rate).toBeLessThanOrEqual(max);
  expect(rate).toBeGreaterThanOrEqual(max * 0.9 - 1);
  expect(limitedBy).toBe("slo");
});

test("tries a rate again after a miss", async () => {
  const { rate } = await search((rate, attempt) =>
    attempt === 2 ? "missed" : holdsUpTo(1_000)(rate),
  );
  expect(rate).toBeGreaterThan(900);
});

test("reports when the client is the limit", async () => {
  const capacity = await search((rate) => (rate <= 500 ? "held" : "client-limited"));
  expect(capacity.limitedBy).toBe("client");
  expect(capacity.rate).toBeGreaterThan(450);
});

test("reports when no rate holds, after a bounded number of steps", async () => {
  const { rate, steps } = await search(() => "missed");
  expect(rate).toBe(0);
  expect(steps.length).toBeLessThan(40);
});

test("stops at the maximum rate", async () => {
  const { rate, limitedBy } = await search(() => "held");
  expect({ rate, limitedBy }).toEqual({ rate: 1_000_000, limitedBy: "max-rate" });
});

import { attackTest, footprintOf, reportAttack } from "@unblock/test/attack";
import { startTestServer } from "@unblock/test/test-server";
import { expect, vi } from "vitest";

const rounds = 10_000;
const pairs = 200;

attackTest("no call is lost beside calls whose deadline falls near their end", async () => {
  const server = await startTestServer({ processes: 2 });
  const hash = (timeoutMs?: number) =>
    server.call(
      "ComputeHash",
      { data: "test", rounds },
      { strategy: "processes", ...(timeoutMs === undefined ? {} : { timeoutMs }) },
    );
  for (let warmUp = 0; warmUp < 10; warmUp++) {
    await hash();
  }
  const before = footprintOf();
  const codes: { patient: string[]; hurried: string[] } = { patient: [], hurried: [] };
  // Searches for the timeout at which one call in three is slightly too late.
  let timeoutMs = 50;
  for (let pair = 0; pair < pairs; pair++) {
    const [hurried, patient, next] = await Promise.all([hash(timeoutMs), hash(), hash()]);
    timeoutMs = Math.max(2, timeoutMs + (hurried.code === "ok" ? -1 : 2));
    codes.hurried.push(hurried.code);
    codes.patient.push(patient.code, next.code);
  }
  const count = (all: string[], code: string) => all.filter((one) => one === code).length;
  await vi.waitUntil(async () => (await server.executor("processes")).running === 0);
  reportAttack({
    sent: `${2 * pairs} calls to processes beside ${pairs} whose deadline falls near their end`,
    did: `served ${count(codes.patient, "ok")} of the first, and ${count(codes.hurried, "ok")} of the others in time`,
    before,
    after: footprintOf(),
  });
  expect(count(codes.patient, "ok")).toBe(2 * pairs);
  // Otherwise nothing was attacked.
  expect(count(codes.hurried, "deadline_exceeded")).toBeGreaterThan(10);
  await server.close();
});

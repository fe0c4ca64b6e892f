import { startTestLab, type TestLab } from "@unblock/test/lab";
import { callByHttp1 } from "@unblock/test/wire";
import { afterEach, describe, expect, test } from "vitest";
import { WrongTokens } from "./interceptors/lab-guard.ts";

const token = "a-token-of-a-test";

describe("wrong tokens", () => {
  let server: TestLab;
  afterEach(() => server.close());

  const list = async (localAddress: string, given: string) => {
    const { status } = await callByHttp1({
      url: server.url,
      path: "/unblock.v1.LabService/ListRuns",
      name: "lab.test",
      headers: { authorization: `Bearer ${given}` },
      localAddress,
    });
    return status;
  };
  /** Returns the number of responses by status. */
  const tryMany = async (localAddress: string, tries: number) => {
    const statuses: Record<string, number> = {};
    for (let n = 0; n < tries; n++) {
      const status = String(await list(localAddress, `guess-number-${n}`));
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
    return statuses;
  };

  test("of one address are compared ten times, and logged, without affecting other addresses", async () => {
    server = await startTestLab({ token });
    const { 401: compared = 0, 429: rejected = 0 } = await tryMany("127.0.0.2", 40);
    // A slow machine may allow one more per 6 s.
    expect(compared).toBeGreaterThanOrEqual(10);
    expect(compared).toBeLessThan(20);
    expect(compared + rejected).toBe(40);
    const lines = server.logged.filter((line) => line.includes("a wrong token was sent"));
    expect(lines).toHaveLength(compared);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      level: "warn",
      peer: "127.0.0.2",
      rpc: "ListRuns",
      request_id: expect.any(String),
    });
    expect(server.logged.join()).not.toContain("guess-number");
    expect(await list("127.0.0.3", token)).toBe(200);
  });

  test("an address over its limit does not learn whether its token is right", async () => {
    server = await startTestLab({ token });
    await tryMany("127.0.0.2", 11);
    expect(await list("127.0.0.2", token)).toBe(429);
  });

  test("of many addresses are limited in total, except for addresses with the right token", async () => {
    server = await startTestLab({ token });
    expect(await list("127.0.0.2", token)).toBe(200);
    for (let n = 10; n < 30; n++) {
      await tryMany(`127.0.0.${n}`, 10);
    }
    expect(await list("127.0.0.99", token)).toBe(429);
    expect(await list("127.0.0.2", token)).toBe(200);
  });
});

test("an address may try again after a while", () => {
  const wrong = new WrongTokens();
  for (let n = 0; n < 10; n++) {
    wrong.assertAllowed("a", 0);
    wrong.countWrong("a", 0);
  }
  const throttled = (waitS: number) =>
    expect.objectContaining({ code: "UNBLOCK_TOKENS_THROTTLED", data: { wait_s: waitS } });
  expect(() => wrong.assertAllowed("a", 0)).toThrow(throttled(6));
  expect(() => wrong.assertAllowed("a", 5_999)).toThrow(throttled(1));
  wrong.assertAllowed("a", 6_000);
  wrong.countWrong("a", 6_000);
  expect(() => wrong.assertAllowed("a", 6_000)).toThrow(throttled(6));
});

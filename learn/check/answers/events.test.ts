import { describe, expect, test } from "vitest";
import { judgeEvents } from "./events.ts";

const requests = [1, 2, 3].map((n) => ({ event: `event ${n}`, user_id: n }));
const [one = {}, two = {}, three = {}] = requests;
const judge = (...posted: readonly unknown[]) =>
  judgeEvents(
    requests,
    posted.map((event) => JSON.stringify(event)),
  )?.diagnosis.name;

describe("events of calls at once", () => {
  test("arrive in any order, each once", () => {
    expect(judge(three, one, two)).toBeUndefined();
  });

  test("are mixed up when one came in another's place", () => {
    expect(judge(three, three, three)).toBe("mixed-up-calls");
  });

  test("are lost beside others, or sent too often", () => {
    expect(judge(one, two)).toBe("fails-beside-others");
    expect(judge(one, two, three, three)).toBe("asks-too-often");
  });
});

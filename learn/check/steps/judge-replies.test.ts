import type { JsonValue } from "@bufbuild/protobuf";
import { userOf, valueOfKey } from "@unblock/exercises/backend-values";
import type { Asked } from "@unblock/exercises/check-plan";
import { exerciseOf } from "@unblock/proto/exercises";
import { describe, expect, test } from "vitest";
import { judgeEvents } from "./after-reply.ts";
import { type Answered, judgeReplies } from "./judge-replies.ts";

const mark = "x1";

function asked(backend: string, what: string, value: unknown): Asked {
  return { backend, what, beganMs: 0, endedMs: 1, outcome: "answered", value };
}

function judge(
  letter: string,
  requests: readonly JsonValue[],
  bodies: readonly JsonValue[],
  rest: { readonly asked?: readonly Asked[]; readonly past?: Answered["past"] } = {},
) {
  const replies = bodies.map((body) =>
    body === null ? { code: "internal", message: "no", body } : { code: "ok", message: "", body },
  );
  return judgeReplies({
    exercise: exerciseOf(letter),
    file: "a.ts",
    requests,
    replies,
    known: { mark, asked: rest.asked ?? [], answers: new Map() },
    problem: null,
    past: rest.past ?? [],
  })?.diagnoses[0]?.name;
}

const user = (id: number) => ({ user_id: id, ...userOf(mark, id) });
const config = (n: number) => ({ setting_a: `a${n}`, setting_b: `b${n}` });

describe("responses", () => {
  test("are right when each is its own request's", () => {
    const requests = [1, 2].map((id) => ({ user_id: id }));
    expect(judge("A", requests, [user(1), user(2)])).toBeUndefined();
  });

  test("of another concurrent call are mixed-up-calls", () => {
    const requests = [1, 2].map((id) => ({ user_id: id }));
    expect(judge("A", requests, [user(2), user(2)])).toBe("mixed-up-calls");
    expect(judge("A", requests, [{ ...user(1), email: user(2).email }, user(2)])).toBe(
      "mixed-up-calls",
    );
  });

  test("that fail in a burst differ from one that fails alone", () => {
    const requests = [1, 2].map((id) => ({ user_id: id }));
    expect(judge("A", requests, [user(1), null])).toBe("fails-beside-others");
    expect(judge("A", requests.slice(0, 1), [null])).toBe("wrong-answer");
  });

  test("that the backend did not send are stale-value if it had sent them before", () => {
    const london = asked("weather", "london", { temperature: 3, conditions: "foggy" });
    const weather = (temperature: number, conditions: string) => ({
      city: "london",
      temperature,
      conditions,
    });
    const request = [{ city: "london" }];
    expect(judge("B", request, [weather(3, "foggy")], { asked: [london] })).toBeUndefined();
    expect(judge("B", request, [weather(22, "sunny")], { asked: [london] })).toBe(
      "answer-not-from-backend",
    );
    const past = [["london", 9, "windy"]];
    expect(judge("B", request, [weather(9, "windy")], { asked: [london], past })).toBe(
      "stale-value",
    );
    // One of two by chance.
    expect(judge("B", request, [weather(22, "windy")], { asked: [london], past })).toBe(
      "answer-not-from-backend",
    );
  });

  test("that two calls share are stale or mixed up, by the number of backend requests", () => {
    const reads = [1, 2].map((n) => asked("slow disk", "", JSON.stringify(config(n))));
    expect(judge("D", [{}, {}], [config(1), config(2)], { asked: reads })).toBeUndefined();
    expect(judge("D", [{}, {}], [config(1), config(1)], { asked: reads })).toBe("mixed-up-calls");
    expect(judge("D", [{}, {}], [config(1), config(1)], { asked: reads.slice(0, 1) })).toBe(
      "stale-value",
    );
  });

  test("that report a hit on a miss are hides-failure", () => {
    const missing = { key: "forgotten", value: "", hit: false };
    const request = [{ key: "forgotten" }];
    expect(judge("E", request, [missing])).toBeUndefined();
    expect(judge("E", request, [{ ...missing, value: "cached_data", hit: true }])).toBe(
      "hides-failure",
    );
    // The other way round nothing is hidden.
    const there = [{ key: "k" }];
    expect(judge("E", there, [{ key: "k", value: valueOfKey(mark, "k"), hit: true }])).toBe(
      undefined,
    );
    expect(judge("E", there, [{ key: "k", value: "", hit: false }])).toBe("wrong-answer");
  });
});

const requests = [1, 2, 3].map((n) => ({ event: `event ${n}`, user_id: n }));
const [one = {}, two = {}, three = {}] = requests;
const judgePosted = (...posted: readonly unknown[]) =>
  judgeEvents(
    requests,
    posted.map((event) => JSON.stringify(event)),
  )?.diagnoses[0]?.name;

describe("events of a burst", () => {
  test("may arrive in any order, each once", () => {
    expect(judgePosted(three, one, two)).toBeUndefined();
  });

  test("are mixed-up-calls when one arrives in place of another", () => {
    expect(judgePosted(three, three, three)).toBe("mixed-up-calls");
  });

  test("are fails-beside-others when missing, and asks-too-often when repeated", () => {
    expect(judgePosted(one, two)).toBe("fails-beside-others");
    expect(judgePosted(one, two, three, three)).toBe("asks-too-often");
  });
});

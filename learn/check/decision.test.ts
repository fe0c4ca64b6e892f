import { exerciseOf } from "@unblock/proto/exercises";
import { describe, expect, test } from "vitest";
import { checkDecision } from "./decision.ts";

const check = (strategy: string, why: string) => checkDecision(exerciseOf("A"), { strategy, why });

describe("a decision", () => {
  test("passes with a strategy and a reason", () => {
    const outcome = check("blocking-pool", "The driver blocks its thread.");
    expect(outcome).toEqual({
      verdict: "PASS",
      message: "blocking-pool: The driver blocks its thread.",
      diagnoses: [],
    });
  });

  test("passes with the wrong strategy, which later steps judge", () => {
    expect(check("event-loop", "It is only 50 ms.").verdict).toBe("PASS");
  });

  test.each([
    ["", "", "not made yet: set decision.strategy to one of blocking-pool, event-loop"],
    [
      "fast",
      "It has threads.",
      'expected decision.strategy to be one of blocking-pool, event-loop, got "fast"',
    ],
    [
      "blocking-pool",
      "why not",
      "blocking-pool, without a reason: expected decision.why to be a sentence",
    ],
  ])("fails as %j because %j", (strategy, why, says) => {
    const { verdict, message } = check(strategy, why);
    expect(verdict).toBe("FAIL");
    expect(message).toContain(says);
  });

  test("may name a family of strategies in other words", () => {
    expect(check("threads of my own", "The driver blocks its thread.").verdict).toBe("PASS");
    expect(check("a Piscina pool", "The driver blocks its thread.").verdict).toBe("PASS");
    expect(check("worker_threads", "The driver blocks its thread.").verdict).toBe("PASS");
  });

  test("fails when the file exports none", () => {
    const { verdict, message } = checkDecision(exerciseOf("A"), undefined);
    expect(verdict).toBe("FAIL");
    expect(message).toContain("expected an export decision of { strategy, why }");
  });
});

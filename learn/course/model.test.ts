import { isPassed, noProgress, progressOf, withExercise } from "@unblock/progress/progress";
import { unsignedPass } from "@unblock/progress/testing/passes";
import { describe, expect, test } from "vitest";
import type { ExerciseResult, Verdict } from "../check/result.ts";
import { pressKey } from "./keys.ts";
import * as updates from "./model.ts";
import { begin, type Effect, type Model } from "./model.ts";

const room = { maxScroll: 30, page: 20 };
const start = begin(noProgress, undefined);

function result(exercise: string, verdict: Verdict): ExerciseResult {
  const file = "learn/yours/file.ts";
  const about = { exercise, rpc: "Rpc", title: "Title", file, decided: "blocking-pool" };
  return { ...about, verdict, steps: [], diagnoses: [] };
}

type Change = (model: Model) => Model;

/** Presses keys, given by their names, and applies other changes. */
function run(model: Model, ...changes: readonly (string | Change)[]) {
  const effects: Effect[] = [];
  let now: Model = { ...model, effects: [] };
  for (const change of changes) {
    const changed = typeof change === "string" ? pressKey(now, change, room) : change(now);
    effects.push(...changed.effects);
    now = { ...changed, effects: [] };
  }
  return { ...now, current: now.progress.current, effects };
}

const saved = (letter: string) => (model: Model) => updates.saved(model, letter);
const checked = (letter: string, verdict: Verdict) => (model: Model) =>
  updates.checked(
    model,
    result(letter, verdict),
    verdict === "PASS" ? unsignedPass(letter) : undefined,
  );

describe("keys", () => {
  test("n and p go to the next and previous exercise and stop at the ends", () => {
    expect(run(start, "n", "n").current).toBe("C");
    expect(run(start, "n", "n", "p").current).toBe("B");
    expect(run(start, "p")).toMatchObject({ current: "A", notice: expect.any(String) });
    const last = run(start, ..."nnnnnnn");
    expect(last.current).toBe("H");
    expect(run(last, "n")).toMatchObject({ current: "H", notice: expect.any(String) });
  });

  test("h shows the hints one by one", () => {
    const hints = (model: Model) => progressOf(model.progress, "A").hints;
    const first = run(start, "h");
    expect(hints(first)).toBe(1);
    expect(first.notice).toMatch(/^Hint 1 of 3: Your handler calls the driver/);
    const all = run(first, "h", "h");
    expect(hints(all)).toBe(3);
    expect(all.notice).toMatch(/^Hint 3 of 3: /);
    const more = run(all, "h");
    expect(hints(more)).toBe(3);
    expect(more.notice).not.toBe(all.notice);
    expect(progressOf(all.progress, "B").hints).toBe(0);
  });

  test("l opens the list, where a letter goes to its exercise and other keys do nothing", () => {
    expect(run(start, "l").view).toBe("list");
    expect(run(start, "l", "f")).toMatchObject({ view: "exercise", current: "F" });
    expect(run(start, "l", "n")).toMatchObject({ view: "list", current: "A" });
    expect(run(start, "l", "l")).toMatchObject({ view: "exercise", current: "A" });
    // In the list a letter means the exercise, also when it is a key elsewhere.
    const h = run(start, "l", "h");
    expect(h).toMatchObject({ current: "H" });
    expect(progressOf(h.progress, "A").hints).toBe(0);
    expect(run(start, "l", "c").effects).toEqual([]);
  });

  test("s skips an exercise unless it has passed", () => {
    const skipped = run(start, "s");
    expect(skipped.current).toBe("B");
    expect(progressOf(skipped.progress, "A").skipped).toBe(true);
    const passed = run(start, saved("A"), checked("A", "PASS"), "s");
    expect(passed).toMatchObject({ current: "A", notice: expect.any(String) });
    expect(progressOf(passed.progress, "A").skipped).toBe(false);
  });

  test("r opens the rationale only after a pass", () => {
    expect(run(start, "r")).toMatchObject({ view: "exercise", notice: expect.any(String) });
    const failed = run(start, saved("A"), checked("A", "FAIL"), "r");
    expect(failed.view).toBe("exercise");
    const passed = run(start, saved("A"), checked("A", "PASS"));
    expect(run(passed, "r").view).toBe("exercise");
    expect(run(passed, "r", "r").view).toBe("rationale");
    // Once passed, it stays open.
    expect(run(passed, saved("A"), checked("A", "FAIL"), "r").view).toBe("rationale");
  });

  test("q and Ctrl-C quit in every view", () => {
    for (const way of [["q"], ["ctrl-c"], ["l", "q"], ["c", "q"]]) {
      expect(run(start, ...way).effects.at(-1)).toEqual({ kind: "quit" });
    }
  });

  test("scrolling stops at both ends", () => {
    expect(run(start, "down", "down", "up").scroll).toBe(1);
    expect(run(start, "up").scroll).toBe(0);
    expect(run(start, "space").scroll).toBe(19);
    expect(run(start, "space", "space", "space").scroll).toBe(30);
    expect(run(start, "end", "pageup").scroll).toBe(11);
    expect(run(start, "end", "home").scroll).toBe(0);
    expect(run(start, "down", "n").scroll).toBe(0);
  });

  test("the next key removes a notice, and an unknown key causes one", () => {
    const damaged = begin(noProgress, "damaged");
    expect(damaged.notice).toBe("damaged");
    expect(run(damaged, "down").notice).toBeUndefined();
    for (const keys of [["z"], ["l", "z"]]) {
      const pressed = run(damaged, ...keys);
      expect(pressed.notice).toMatch(/^"z" /);
      expect(pressed).toMatchObject({ progress: start.progress, effects: [] });
    }
  });

  test("x pressed twice restores the stub and keeps the pass", () => {
    const once = run(start, "h", "c", checked("A", "PASS"), "r", "x");
    expect(once.confirmsReset).toBe(true);
    expect(once.effects).toEqual([{ kind: "check", letter: "A" }]);
    // Another key in between cancels the reset.
    expect(run(once, "down", "x").effects).toEqual([]);
    const twice = run(once, "x");
    expect(twice.effects).toEqual([{ kind: "reset", letter: "A" }]);
    expect(progressOf(twice.progress, "A")).toMatchObject({ hints: 0, result: undefined });
    expect(isPassed(twice.progress, "A")).toBe(true);
    const done = updates.stubRestored(twice, "A", "learn/yours/aside/a.ts");
    expect(done.notice).toContain("learn/yours/aside/a.ts");
    expect(run(start, "c", "x", "x").effects).toEqual([{ kind: "check", letter: "A" }]);
  });

  test("e opens the editor", () => {
    expect(run(start, "n", "e").effects).toEqual([{ kind: "edit", letter: "B" }]);
  });

  test("d shows the evidence after a check", () => {
    expect(run(start, "d")).toMatchObject({ view: "exercise", notice: expect.any(String) });
    const failed = run(start, "c", checked("A", "FAIL"), "d");
    expect(failed.view).toBe("details");
    expect(run(failed, "d").view).toBe("exercise");
  });

  test("a checks all exercises one after another", () => {
    let now = run(start, "a");
    for (const letter of "ABCDEFGH") {
      expect(now.effects).toEqual([{ kind: "check", letter }]);
      expect(now.checking?.letter).toBe(letter);
      now = run(now, checked(letter, letter === "B" ? "FAIL" : "PASS"));
    }
    expect(now).toMatchObject({ effects: [], checking: undefined });
    expect(isPassed(now.progress, "H")).toBe(true);
    expect(progressOf(now.progress, "B").last).toBe("FAIL");
  });

  test("w writes the result file only when all have passed", () => {
    expect(run(start, "w")).toMatchObject({ notice: expect.any(String), effects: [] });
    const passes = [..."ABCDEFGH"].flatMap((letter) => [saved(letter), checked(letter, "PASS")]);
    const all = run(start, ...passes);
    expect(run(all, "w").effects).toEqual([{ kind: "write-result" }]);
  });
});

describe("checks", () => {
  test("saving the current exercise checks it, as c does", () => {
    expect(run(start, saved("A")).effects).toEqual([{ kind: "check", letter: "A" }]);
    expect(run(start, "n", "c").effects).toEqual([{ kind: "check", letter: "B" }]);
  });

  test("saving another exercise only causes a notice", () => {
    const elsewhere = run(start, saved("C"));
    expect(elsewhere).toMatchObject({ current: "A", effects: [], checking: undefined });
    expect(elsewhere.notice).toMatch(/\bC\b/);
  });

  test("steps are collected as they end", () => {
    const step = { step: "loads", verdict: "PASS", message: "it loads" } as const;
    const going = run(start, saved("A"), (model) =>
      updates.withChecking(model, { doing: "loads" }),
    );
    expect(going.checking).toMatchObject({ steps: [], doing: "loads" });
    const stepped = updates.stepEnded(going, step);
    expect(stepped.checking).toMatchObject({ steps: [step], doing: undefined });
    expect(run(stepped, checked("A", "FAIL")).checking).toBeUndefined();
  });

  test("counts the seconds of a check", () => {
    const seconds = (model: Model) => updates.withChecking(model, { elapsedS: 7 }).checking;
    expect(seconds(run(start, "c"))?.elapsedS).toBe(7);
    expect(seconds(start)).toBeUndefined();
  });

  test("stores each diagnosis once", () => {
    const failed = result("A", "FAIL");
    const named = {
      ...failed,
      diagnoses: [{ name: "sequential", finding: "", nextStep: "", numbers: {} }] as const,
    };
    const ended: Change = (model) => updates.checked(model, named, undefined);
    const twice = run(start, "c", ended, "c", ended);
    expect(progressOf(twice.progress, "A").mistakes).toEqual(["sequential"]);
  });

  test("a file saved during a check is checked once afterwards", () => {
    const going = run(start, saved("A"), saved("A"), saved("A"));
    expect(going.effects).toEqual([{ kind: "check", letter: "A" }]);
    const after = run(going, checked("A", "FAIL"));
    expect(after.effects).toEqual([{ kind: "check", letter: "A" }]);
    expect(run(after, checked("A", "FAIL"))).toMatchObject({ effects: [], checking: undefined });
  });

  test("c during a check of the same exercise only causes a notice", () => {
    const going = run(start, "c", "c");
    expect(going.effects).toEqual([{ kind: "check", letter: "A" }]);
    expect(going.notice).toEqual(expect.any(String));
    expect(run(going, checked("A", "FAIL")).effects).toEqual([]);
  });

  test("c during a check of another exercise queues a check", () => {
    const going = run(start, "c", "n", "c");
    expect(going.effects).toEqual([{ kind: "check", letter: "A" }]);
    const after = run(going, checked("A", "PASS"));
    expect(after).toMatchObject({ current: "B", effects: [{ kind: "check", letter: "B" }] });
  });

  test("a pass shows the rationale of the same exercise", () => {
    const passed = run(start, saved("A"), checked("A", "PASS"));
    expect(passed).toMatchObject({ current: "A", view: "rationale", checking: undefined });
    expect(passed.effects).toEqual([{ kind: "check", letter: "A" }]);
    expect(isPassed(passed.progress, "A")).toBe(true);
    expect(progressOf(passed.progress, "A").last).toBe("PASS");
  });

  test("a result of another than the current exercise causes a notice and keeps the view", () => {
    const passed = run(start, "c", "n", "l", checked("A", "PASS"));
    expect(passed).toMatchObject({ current: "B", view: "list" });
    expect(passed.notice).toMatch(/\bA\b.*passed/);
    const failed = run(start, "c", "n", checked("A", "FAIL"));
    expect(failed).toMatchObject({ current: "B", notice: expect.stringMatching(/\bA\b.*FAIL/) });
    expect(isPassed(passed.progress, "A")).toBe(true);
  });

  test("the last pass shows the level", () => {
    const passes = [..."ABCDEFGH"].flatMap((letter) => [saved(letter), checked(letter, "PASS")]);
    expect(run(start, ...passes).notice).toContain("Expert");
  });

  test("a pass resets that the exercise was skipped", () => {
    const passed = run(start, "s", "p", "c", checked("A", "PASS"));
    expect(progressOf(passed.progress, "A")).toMatchObject({
      pass: unsignedPass("A"),
      skipped: false,
    });
  });

  test("a later FAIL keeps the pass", () => {
    const again = run(start, "c", checked("A", "PASS"), saved("A"), checked("A", "FAIL"));
    expect(isPassed(again.progress, "A")).toBe(true);
    expect(progressOf(again.progress, "A").last).toBe("FAIL");
  });

  test("an INCONCLUSIVE result is stored and changes nothing else", () => {
    const unclear = run(start, "c", checked("A", "INCONCLUSIVE"));
    expect(progressOf(unclear.progress, "A")).toEqual({
      ...progressOf(start.progress, "A"),
      result: result("A", "INCONCLUSIVE"),
    });
  });

  test("a failure of the check itself changes no progress", () => {
    const broken = updates.broken(run(start, "c"), "no memory");
    expect(broken).toMatchObject({ checking: undefined, progress: start.progress });
    expect(broken.notice).toContain("no memory");
  });
});

test("takes over progress that another command changed", () => {
  const progress = { ...noProgress, current: "E" };
  const changed = updates.progressChanged(start, progress, undefined);
  const passed = withExercise(noProgress, "B", { pass: unsignedPass("B") });
  const { notice } = updates.progressChanged(start, passed, undefined);
  expect(notice).toMatch(/\bB$/);
  expect(changed).toMatchObject({ progress: { current: "E" }, notice: expect.any(String) });
});

import { describe, expect, test } from "vitest";
import { isPassed, noProgress, progressOf, withExercise } from "../../progress/progress.ts";
import { unsignedPass } from "../../progress/testing/passes.ts";
import type { ExerciseResult, Verdict } from "../check/result.ts";
import { begin, type CourseEvent, type Effect, type Model } from "./model.ts";
import { update } from "./update.ts";

const room = { maxScroll: 30, page: 20 };
const start = begin(noProgress, undefined);

function result(exercise: string, verdict: Verdict): ExerciseResult {
  const file = "learn/yours/file.ts";
  const about = { exercise, rpc: "Rpc", title: "Title", file, decided: "threads" };
  return { ...about, verdict, steps: [], diagnoses: [] };
}

/** Lets things happen one after the other: keys by their names, results and saves as they are. */
function run(model: Model, ...happenings: readonly (string | CourseEvent)[]) {
  const effects: Effect[] = [];
  let now = model;
  for (const one of happenings) {
    const event: CourseEvent = typeof one === "string" ? { kind: "key", key: one, room } : one;
    const updated = update(now, event);
    now = updated.model;
    effects.push(...updated.effects);
  }
  return { ...now, current: now.progress.current, effects };
}

const saved = (letter: string): CourseEvent => ({ kind: "saved", letter });
const checked = (letter: string, verdict: Verdict): CourseEvent => ({
  kind: "checked",
  result: result(letter, verdict),
  pass: verdict === "PASS" ? unsignedPass(letter) : undefined,
});

describe("keys", () => {
  test("n and p go from exercise to exercise, and stop at the ends", () => {
    expect(run(start, "n", "n").current).toBe("C");
    expect(run(start, "n", "n", "p").current).toBe("B");
    expect(run(start, "p")).toMatchObject({ current: "A", notice: "A is the first one" });
    const last = run(start, ..."nnnnnnn");
    expect(last.current).toBe("H");
    expect(run(last, "n")).toMatchObject({ current: "H", notice: expect.stringMatching(/^H is/) });
  });

  test("h shows one hint after the other, three at most", () => {
    const hints = (model: Model) => progressOf(model.progress, "A").hints;
    const first = run(start, "h");
    expect(hints(first)).toBe(1);
    expect(first.notice).toMatch(/^Hint 1 of 3: Your handler calls the driver/);
    const all = run(first, "h", "h");
    expect(hints(all)).toBe(3);
    expect(all.notice).toMatch(/^Hint 3 of 3: /);
    const more = run(all, "h");
    expect(hints(more)).toBe(3);
    expect(more.notice).toContain("You have seen all 3 hints");
    expect(progressOf(all.progress, "B").hints).toBe(0);
  });

  test("l lists, and a letter goes there; keys of elsewhere do nothing in the list", () => {
    expect(run(start, "l").view).toBe("list");
    expect(run(start, "l", "f")).toMatchObject({ view: "exercise", current: "F" });
    expect(run(start, "l", "n")).toMatchObject({ view: "list", current: "A" });
    expect(run(start, "l", "l")).toMatchObject({ view: "exercise", current: "A" });
    // An exercise of the same letter as a key: in the list it is the exercise.
    const h = run(start, "l", "h");
    expect(h).toMatchObject({ current: "H" });
    expect(progressOf(h.progress, "A").hints).toBe(0);
    expect(run(start, "l", "c").effects).toEqual([]);
  });

  test("s skips and goes on; what has passed is not skipped", () => {
    const skipped = run(start, "s");
    expect(skipped.current).toBe("B");
    expect(progressOf(skipped.progress, "A").skipped).toBe(true);
    const passed = run(start, saved("A"), checked("A", "PASS"), "s");
    expect(passed).toMatchObject({ current: "A", notice: expect.stringContaining("has passed") });
    expect(progressOf(passed.progress, "A").skipped).toBe(false);
  });

  test("r opens the rationale after a pass, and not before", () => {
    expect(run(start, "r")).toMatchObject({
      view: "exercise",
      notice: "The rationale opens after a pass; h gives a hint",
    });
    const failed = run(start, saved("A"), checked("A", "FAIL"), "r");
    expect(failed.view).toBe("exercise");
    const passed = run(start, saved("A"), checked("A", "PASS"));
    expect(run(passed, "r").view).toBe("exercise");
    expect(run(passed, "r", "r").view).toBe("rationale");
    // Once passed, it stays open.
    expect(run(passed, saved("A"), checked("A", "FAIL"), "r").view).toBe("rationale");
  });

  test("q and Ctrl-C leave, from everywhere", () => {
    for (const way of [["q"], ["ctrl-c"], ["l", "q"], ["c", "q"]]) {
      expect(run(start, ...way).effects.at(-1)).toEqual({ kind: "quit" });
    }
  });

  test("scrolls within what there is", () => {
    expect(run(start, "down", "down", "up").scroll).toBe(1);
    expect(run(start, "up").scroll).toBe(0);
    expect(run(start, "space").scroll).toBe(19);
    expect(run(start, "space", "space", "space").scroll).toBe(30);
    expect(run(start, "end", "pageup").scroll).toBe(11);
    expect(run(start, "end", "home").scroll).toBe(0);
    expect(run(start, "down", "n").scroll).toBe(0);
  });

  test("a notice goes with the next key, and a key that does nothing says so", () => {
    const told = begin(noProgress, "damaged");
    expect(told.notice).toBe("damaged");
    expect(run(told, "z")).toMatchObject({
      ...start,
      notice: '"z" does nothing here',
      effects: [],
    });
    expect(run(start, "l", "z").notice).toBe('"z" is no exercise: press a to h, or l to go back');
  });

  test("x resets the exercise when it is pressed twice, and keeps its pass", () => {
    const once = run(start, "h", "c", checked("A", "PASS"), "r", "x");
    expect(once.notice).toMatch(/^Press x again to put the stub of A back/);
    expect(once.effects).toEqual([{ kind: "check", letter: "A" }]);
    // Another key in between takes it back.
    expect(run(once, "down", "x").effects).toEqual([]);
    const twice = run(once, "x");
    expect(twice.effects).toEqual([{ kind: "reset", letter: "A" }]);
    expect(progressOf(twice.progress, "A")).toMatchObject({ hints: 0, result: undefined });
    expect(isPassed(twice.progress, "A")).toBe(true);
    const done = run(twice, { kind: "reset", letter: "A", aside: "learn/yours/aside/a.ts" });
    expect(done.notice).toBe("A is the stub again. Your version is kept: learn/yours/aside/a.ts");
    expect(run(start, "c", "x", "x").effects).toEqual([{ kind: "check", letter: "A" }]);
  });

  test("e edits the exercise", () => {
    expect(run(start, "n", "e").effects).toEqual([{ kind: "edit", letter: "B" }]);
  });

  test("d shows the evidence once there is some", () => {
    expect(run(start, "d")).toMatchObject({
      view: "exercise",
      notice: expect.stringContaining("has not been checked yet"),
    });
    const failed = run(start, "c", checked("A", "FAIL"), "d");
    expect(failed.view).toBe("details");
    expect(run(failed, "d").view).toBe("exercise");
  });

  test("a checks all, one after another", () => {
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

  test("w finishes when all have passed, and not before", () => {
    expect(run(start, "w")).toMatchObject({
      notice: "0 of 8 have passed; w finishes when all have",
      effects: [],
    });
    const passes = [..."ABCDEFGH"].flatMap((letter) => [saved(letter), checked(letter, "PASS")]);
    const all = run(start, ...passes);
    expect(run(all, "w").effects).toEqual([{ kind: "write-result" }]);
    const file = "learn/yours/result.json";
    expect(run(all, { kind: "result-written", file })).toMatchObject({
      view: "end",
      resultFile: file,
    });
  });
});

describe("checks", () => {
  test("saving the exercise that one is at checks it, and c does", () => {
    expect(run(start, saved("A")).effects).toEqual([{ kind: "check", letter: "A" }]);
    expect(run(start, "n", "c").effects).toEqual([{ kind: "check", letter: "B" }]);
  });

  test("saving another one checks nothing and goes nowhere", () => {
    const elsewhere = run(start, saved("C"));
    expect(elsewhere).toMatchObject({ current: "A", effects: [], checking: undefined });
    expect(elsewhere.notice).toContain("You saved exercise C");
  });

  test("steps gather as they come", () => {
    const step = { step: "loads", verdict: "PASS", message: "it loads" } as const;
    const going = run(start, saved("A"), { kind: "begun", step: "loads" });
    expect(going.checking).toMatchObject({ steps: [], doing: "loads" });
    const told = run(going, { kind: "step", step });
    expect(told.checking).toMatchObject({ steps: [step], doing: undefined });
    expect(run(told, checked("A", "FAIL")).checking).toBeUndefined();
  });

  test("counts the seconds of a check", () => {
    expect(run(start, "c", { kind: "tick", elapsedS: 7 }).checking?.elapsedS).toBe(7);
    expect(run(start, { kind: "tick", elapsedS: 7 }).checking).toBeUndefined();
  });

  test("remembers the mistakes that were found, each once", () => {
    const failed = result("A", "FAIL");
    const named = {
      ...failed,
      diagnoses: [{ name: "sequential", finding: "", nextStep: "", numbers: {} }] as const,
    };
    const event: CourseEvent = { kind: "checked", result: named, pass: undefined };
    const twice = run(start, "c", event, "c", event);
    expect(progressOf(twice.progress, "A").mistakes).toEqual(["sequential"]);
  });

  test("only one goes on at a time: what is saved meanwhile is checked afterwards, once", () => {
    const going = run(start, saved("A"), saved("A"), saved("A"));
    expect(going.effects).toEqual([{ kind: "check", letter: "A" }]);
    const after = run(going, checked("A", "FAIL"));
    expect(after.effects).toEqual([{ kind: "check", letter: "A" }]);
    expect(run(after, checked("A", "FAIL"))).toMatchObject({ effects: [], checking: undefined });
  });

  test("c during a check does not ask for another one", () => {
    const going = run(start, "c", "c");
    expect(going.effects).toEqual([{ kind: "check", letter: "A" }]);
    expect(going.notice).toBe("A is being checked");
    expect(run(going, checked("A", "FAIL")).effects).toEqual([]);
  });

  test("another exercise can be asked for during a check", () => {
    const going = run(start, "c", "n", "c");
    expect(going.effects).toEqual([{ kind: "check", letter: "A" }]);
    const after = run(going, checked("A", "PASS"));
    expect(after).toMatchObject({ current: "B", effects: [{ kind: "check", letter: "B" }] });
  });

  test("a pass shows the rationale and goes nowhere", () => {
    const passed = run(start, saved("A"), checked("A", "PASS"));
    expect(passed).toMatchObject({ current: "A", view: "rationale", checking: undefined });
    expect(passed.effects).toEqual([{ kind: "check", letter: "A" }]);
    expect(isPassed(passed.progress, "A")).toBe(true);
    expect(progressOf(passed.progress, "A").last).toBe("PASS");
  });

  test("a pass of an exercise that one has left is told, and leaves the view alone", () => {
    const passed = run(start, "c", "n", "l", checked("A", "PASS"));
    expect(passed).toMatchObject({ current: "B", view: "list" });
    expect(passed.notice).toMatch(/^Exercise A has passed/);
    const failed = run(start, "c", "n", checked("A", "FAIL"));
    expect(failed).toMatchObject({ current: "B", notice: "Exercise A: FAIL" });
    expect(isPassed(passed.progress, "A")).toBe(true);
  });

  test("the last pass tells the level", () => {
    const passes = [..."ABCDEFGH"].flatMap((letter) => [saved(letter), checked(letter, "PASS")]);
    expect(run(start, ...passes).notice).toBe(
      "All 8 have passed: Expert – ready for production MLOps. Read why, then w finishes the course with your result file",
    );
  });

  test("a pass takes back that it was skipped", () => {
    const passed = run(start, "s", "p", "c", checked("A", "PASS"));
    expect(progressOf(passed.progress, "A")).toMatchObject({
      pass: unsignedPass("A"),
      skipped: false,
    });
  });

  test("once passed stays passed", () => {
    const again = run(start, "c", checked("A", "PASS"), saved("A"), checked("A", "FAIL"));
    expect(isPassed(again.progress, "A")).toBe(true);
    expect(progressOf(again.progress, "A").last).toBe("FAIL");
  });

  test("what is inconclusive is shown and changes nothing", () => {
    const told = run(start, "c", checked("A", "INCONCLUSIVE"));
    expect(progressOf(told.progress, "A")).toMatchObject({
      result: { verdict: "INCONCLUSIVE" },
      last: undefined,
      pass: undefined,
    });
  });

  test("a check that breaks down is not the learner's fault", () => {
    const broken = run(start, "c", { kind: "broken", problem: "no memory" });
    expect(broken).toMatchObject({ checking: undefined, progress: start.progress });
    expect(broken.notice).toBe("The check failed, and your code is not the reason: no memory");
  });
});

test("takes over progress that another command changed, and says so", () => {
  const progress = { ...noProgress, current: "E" };
  const changed = run(start, { kind: "progress", progress, notice: undefined });
  const passed = withExercise(noProgress, "B", { pass: unsignedPass("B") });
  expect(run(start, { kind: "progress", progress: passed, notice: undefined }).notice).toBe(
    "Passed in another terminal: B",
  );
  expect(changed).toMatchObject({
    current: "E",
    notice: expect.stringContaining("another command"),
  });
});

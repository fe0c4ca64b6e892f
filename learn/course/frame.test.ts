import { stripVTControlCharacters } from "node:util";
import { exerciseFile } from "@unblock/exercises/exercise";
import { noProgress, withExercise } from "@unblock/progress/progress";
import { unsignedPass } from "@unblock/progress/testing/passes";
import { exercises } from "@unblock/proto/exercises";
import { colourPaint, plainPaint } from "@unblock/terminal/text";
import { describe, expect, test } from "vitest";
import { type Book, openBook } from "../book/book.ts";
import type { ExerciseResult } from "../check/result.ts";
import { renderFrame } from "./frame.ts";
import { begin, type Model } from "./model.ts";

const terminal = { columns: 80, rows: 24 };
const start = begin(noProgress, undefined);

function bookOf(letter: string): Book {
  const exercise = exercises.find((one) => one.letter === letter);
  if (exercise === undefined) {
    throw new Error(`Expected an exercise ${letter}`);
  }
  // The stub stands for the learner's file.
  return openBook(exercise, exerciseFile(exercise, "stub.ts"));
}

function show(model: Model, letter: string, size = terminal): readonly string[] {
  return renderFrame(model, bookOf(letter), size, plainPaint).lines;
}

/** Renders on a screen that is tall enough for everything. */
function all(model: Model, letter: string): string {
  return show(model, letter, { columns: 100, rows: 400 }).join("\n");
}

const failed: ExerciseResult = {
  exercise: "A",
  rpc: "GetUser",
  title: "Database lookup, blocking driver",
  file: "learn/yours/a-get-user.ts",
  verdict: "FAIL",
  decided: "blocking-pool",
  steps: [
    { step: "loads", verdict: "PASS", message: "it loads and type-checks" },
    {
      step: "executor",
      verdict: "FAIL",
      message: `10 of 10 calls held the loop${" so long".repeat(9)}`,
    },
    { step: "time", verdict: "INCONCLUSIVE", message: "others kept 1.0 cores \x1b[2Jbusy" },
  ],
  diagnoses: [
    {
      name: "loop-blocked-by-waiting",
      finding: "The event loop stood still for 512 ms.",
      line: { file: "learn/yours/a-get-user.ts", line: 14, what: "findUserBlocking" },
      nextStep: "Give the call to a pool.",
      numbers: {},
    },
  ],
};

function withFailed(): Model {
  return { ...start, progress: withExercise(noProgress, "A", { last: "FAIL", result: failed }) };
}

describe.each([
  ["80 x 24", terminal],
  ["a wide terminal", { columns: 200, rows: 60 }],
  ["60 x 24", { columns: 60, rows: 24 }],
  ["a small one", { columns: 40, rows: 14 }],
])("on %s", (_, size) => {
  const pass = unsignedPass("A");
  const passed = { ...failed, verdict: "PASS", diagnoses: [] } as const;
  const progress = withExercise(noProgress, "A", { pass, last: "PASS", hints: 3, result: passed });
  const views: readonly [string, Model][] = [
    ["the exercise", withFailed()],
    ["the details", { ...withFailed(), view: "details" }],
    ["the end", { ...start, progress, view: "end", resultFile: "learn/yours/result.json" }],
    [
      "a check that goes on",
      {
        ...start,
        checking: {
          letter: "A",
          steps: failed.steps,
          doing: "probe",
          elapsedS: 7,
          next: ["A"],
        },
      },
    ],
    [
      "the list",
      { ...start, view: "list", notice: "A notice that may need two lines on a small screen" },
    ],
    ["the rationale", { ...start, progress, view: "rationale" }],
    ["its end", { ...start, progress, view: "rationale", scroll: 10_000 }],
  ];

  test.each(views)("%s fills the screen exactly, with score and keys", (_, model) => {
    const { lines } = renderFrame(model, bookOf("A"), size, colourPaint);
    expect(lines).toHaveLength(size.rows);
    const plain = lines.map(stripVTControlCharacters);
    expect(plain.filter((line) => line.length >= size.columns)).toEqual([]);
    expect(plain[0]).toMatch(/^A. B. C. D. E. F. G. H. .*[01]\/8/);
    expect(plain.at(-1)).toMatch(/q quit$/);
  });
});

test.each(["exercise", "details", "rationale", "list", "end"] as const)(
  "%s shows the same text at 40, 60 and 120 columns",
  (view) => {
    const progress = withExercise(noProgress, "A", {
      pass: unsignedPass("A"),
      hints: 3,
      guess: "event-loop",
      mistakes: ["loop-blocked-by-waiting"],
      result: failed,
    });
    const model = { ...start, progress, view, resultFile: "learn/yours/result.json" };
    const words = (columns: number) =>
      show(model, "A", { columns, rows: 900 })
        .join("")
        .replaceAll(/[\s─█░]/g, "");
    expect(words(60)).toBe(words(120));
    expect(words(40)).toBe(words(120));
  },
);

test("has no colours with plainPaint", () => {
  const lines = show(withFailed(), "A");
  expect(lines.filter((line) => line !== stripVTControlCharacters(line))).toEqual([]);
});

test("shows a new exercise without hints or solution", () => {
  const text = all(start, "C");
  expect(text).toContain("Edit exercises/compute-hash/stub.ts");
  expect(text).toContain("Scenario");
  expect(text).toContain("Ten callers");
  expect(text).toContain("Decide between: async, blocking-pool, cpu-pool, event-loop, processes.");
  expect(text).not.toMatch(/Hint|Rationale|★/);
});

test("lists what is checked, including callers who disconnect", () => {
  for (const { letter } of exercises) {
    const text = all(start, letter).replaceAll(/\s+/g, " ");
    expect(text).toContain("What is checked");
    expect(text).toMatch(/Callers who disconnect, or whose deadline passes/);
    expect(text).toContain("Every response of every burst");
    expect(text).not.toMatch(
      /not_found|invalid_argument|permission_denied|strategies\.ts|work\.ts/,
    );
  }
});

test("shows a check's result: the diagnosis with line and next step, and the steps", () => {
  const lines = show(withFailed(), "A", { columns: 80, rows: 40 });
  expect(lines.slice(2, 18)).toEqual([
    "A  Database lookup, blocking driver",
    "Edit exercises/get-user/stub.ts: it is checked when you save it.",
    "",
    "FAIL  you decided blocking-pool",
    "Loop blocked by waiting",
    "  The event loop stood still for 512 ms.",
    "  at learn/yours/a-get-user.ts:14 findUserBlocking",
    "  → Give the call to a pool.",
    "",
    "  ✓ loads        it loads and type-checks",
    "  ✗ executor     10 of 10 calls held the loop so long so long so long so long",
    "                 so long so long so long so long so long",
    "  ? time         others kept 1.0 cores busy",
    "",
    "Scenario",
    expect.stringContaining("Your users"),
  ]);
});

test("shows the hints requested so far", () => {
  const progress = withExercise(noProgress, "A", { hints: 2 });
  const text = all({ ...start, progress }, "A");
  expect(text.match(/^Hint \d/gm)).toEqual(["Hint 1", "Hint 2"]);
});

test("shows the result of an earlier session", () => {
  const before = (changed: Parameters<typeof withExercise>[2]) =>
    all({ ...start, progress: withExercise(noProgress, "A", changed) }, "A");
  expect(before({ last: "FAIL", result: failed })).toContain("Loop blocked by waiting");
  // A result of another shape is ignored.
  expect(before({ last: "FAIL", result: { verdict: "FAIL" } })).toContain("Scenario");
  expect(before({ skipped: true })).toContain("You have skipped this one.");
});

describe("the rationale", () => {
  const rationale = (letter: string) => {
    const progress = {
      ...withExercise(noProgress, letter, { pass: unsignedPass(letter) }),
      current: letter,
    };
    return all({ ...start, progress, view: "rationale" }, letter);
  };

  test.each(exercises.map(({ letter }) => letter))("of %s has all parts", (letter) => {
    const text = rationale(letter);
    expect(text).toContain("★");
    expect(text).toContain("Not right here");
    expect(text).toContain("\nRationale\n");
    expect(text).toMatch(
      /From your file \(-\) to the reference \(\+\), exercises\/[a-z-]+\/solutions\//,
    );
    expect(text).toMatch(/^ {2}- /m);
    expect(text).toMatch(/^ {2}\+ /m);
    expect(text).toMatch(/^ {2}docs\/fundamentals\.md#/m);
    expect(text).not.toMatch(/<details>|\]\(/);
  });

  test("shows the reason of each right and wrong strategy", () => {
    const text = rationale("C");
    expect(text).toContain("★ cpu-pool       CPU work needs a core");
    expect(text).toContain("✓ processes      Processes use the cores as well");
    expect(text).toContain("✓ blocking-pool  More threads than cores");
    expect(text).toContain("✗ async          A promise around CPU work");
  });

  test("marks a strategy as wrong that works and does not pass here", () => {
    // Sixteen threads serve a hundred lookups sixteen at a time.
    expect(rationale("E")).toContain("✗ blocking-pool  Works for as many lookups at once");
  });
});

test("lists the exercises with their state, the levels, and what to review", () => {
  let progress = withExercise(noProgress, "A", { pass: unsignedPass("A"), last: "PASS" });
  progress = withExercise(progress, "B", { last: "FAIL" });
  progress = withExercise(progress, "C", { skipped: true });
  const text = all({ ...start, progress, view: "list" }, "A");
  expect(text).toContain("› ✓ A  Database lookup");
  expect(text).toContain("  ✗ B  External API call");
  expect(text).toContain("  – C  CPU-heavy");
  expect(text).toContain("  · D  File read");
  expect(text).toContain("Score 1/8");
  expect(text).toContain("  8    Expert – ready for production MLOps");
  expect(text).toContain("› 0–3  Review");
  expect(text.split("\nTo review")[1]).toMatch(/^\nB {2}External API call.*\n.*get-weather/);
  expect(text.split("\nTo review")[1]).not.toContain("get-user");
});

import { describe, expect, test } from "vitest";
import { createRandom } from "../review/random.ts";
import { plainPaint } from "../terminal/paint.ts";
import { isRight, milliseconds, strategyNames } from "./question.ts";
import { questions } from "./questions/index.ts";
import { renderAnswers, renderGrade, renderMeasured, renderQuestion } from "./render.ts";

const width = 79;

test("has six questions, each once", () => {
  expect(new Set(questions.map(({ id }) => id)).size).toBe(6);
});

const varied = questions.flatMap((question) =>
  [1, 2, 3].map((seed) => question.again(createRandom(seed))),
);

test.each(questions)(
  "$id can be asked again with other figures, which are measured too",
  (question) => {
    const again = Array.from({ length: 20 }, (_, seed) => question.again(createRandom(seed)));
    expect(new Set(again.map(({ scenario }) => scenario)).size).toBeGreaterThan(1);
    for (const { id, scenario, measurement } of again) {
      expect(id).toBe(question.id);
      // The 2 GB are never measured: a part of them is, and the title says so.
      const told = id === "big-file" ? measurement.title : scenario;
      expect(told).toContain(`${measurement.figure} `);
      expect(measurement.title).toContain(`${measurement.figure} `);
    }
  },
);

describe.each([...questions, ...varied])("$id: $measurement.title", (question) => {
  const choices = strategyNames.map((name) => [name, question.answers[name]] as const);

  test("has one best answer, and a reason for each", () => {
    const best = choices.filter(([, { suitability }]) => suitability === "recommended");
    expect(best).toHaveLength(1);
    for (const [, { reason }] of choices) {
      expect(reason).toMatch(/^\S.*[.)]$/s);
    }
  });

  test.each(choices)("grades %s, with its reason", (choice, { suitability, reason }) => {
    expect(isRight(question, choice)).toBe(suitability !== "wrong");
    const [verdict = "", ...lines] = renderGrade(question, choice, 1_000, plainPaint);
    const expected = { recommended: "right", works: "right, at a price", wrong: "not here" };
    expect(verdict).toBe(`${choice}: ${expected[suitability]}`);
    expect(lines[0]).toBe(reason);
  });

  test("can be asked and explained on 80 columns and 24 rows", () => {
    const measured = question.measurement.ways.map((way) => ({
      way,
      figures: { wallMs: 12_345, loopHeldMs: 12_345, loopBusy: 1, fileWaitedMs: 12_345 },
      problem: undefined,
    }));
    const parts = [
      renderQuestion(question, width, plainPaint),
      renderMeasured(question, measured, width, plainPaint),
      renderAnswers(question, width, plainPaint),
    ];
    for (const lines of parts) {
      expect(lines.filter((line) => line.length > width)).toEqual([]);
    }
    // The heading and the prompt come with the question, the grade and a prompt with the figures.
    expect(parts[0]?.length).toBeLessThanOrEqual(21);
    expect(parts[1]?.length).toBeLessThanOrEqual(17);
  });

  test("tells when a way could not be measured", () => {
    const [way] = question.measurement.ways;
    if (way === undefined) {
      throw new Error("Expected a way to measure");
    }
    const failed = { way, figures: undefined, problem: "no memory" };
    const lines = renderMeasured(question, [failed], width, plainPaint);
    expect(lines.join(" ")).toMatch(/could not be\s+measured: no\s+memory/);
  });
});

test("shows figures as long as they are, and a dash for those that are missing", () => {
  const { value } = milliseconds("all done", "wallMs");
  expect([{ wallMs: 9.94 }, { wallMs: 9.96 }, { wallMs: 1234.5 }, {}].map(value)).toEqual([
    "9.9 ms",
    "10 ms",
    "1235 ms",
    "–",
  ]);
});

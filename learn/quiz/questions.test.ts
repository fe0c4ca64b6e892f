import { plainPaint } from "@unblock/terminal/text";
import { describe, expect, test } from "vitest";
import { createRandom, milliseconds } from "./question.ts";
import { questions } from "./questions.ts";
import { renderAnswers, renderMeasured } from "./run.ts";
import { renderQuestion } from "./session.ts";

const width = 79;

test("there are six questions", () => {
  expect(new Set(questions.map(({ id }) => id)).size).toBe(6);
});

test.each(questions)("$id has variants with other figures, which are measured too", (question) => {
  const again = Array.from({ length: 20 }, (_, seed) => question.again(createRandom(seed)));
  expect(new Set(again.map((variant) => variant.question)).size).toBeGreaterThan(1);
  for (const { id, question: scenario, measurement } of again) {
    expect(id).toBe(question.id);
    // Of a file of several GB only a part is measured, and the measurement's title says so.
    const text = id === "big-file" ? measurement.title : scenario;
    expect(text).toContain(`${measurement.figure} `);
    expect(measurement.title).toContain(`${measurement.figure} `);
  }
});

const variants = questions.flatMap((question) =>
  [1, 2, 3].map((seed) => question.again(createRandom(seed))),
);

describe.each([...questions, ...variants])("$id: $measurement.title", (question) => {
  test("has one best answer, and a reason for each", () => {
    const { choices } = question;
    expect(choices).toHaveLength(8);
    expect(choices.filter(({ quality }) => quality === "recommended")).toHaveLength(1);
    for (const { reason } of choices) {
      expect(reason).toMatch(/^\S.*[.)]$/s);
    }
  });

  test("fits a terminal of 80 columns and 24 rows", () => {
    const figures = { wallMs: 12_345, loopHeldMs: 12_345, loopBusy: 1, fileWaitedMs: 12_345 };
    const measured = question.measurement.ways.map((way) => ({
      way,
      figures,
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
    // Heading and prompt are shown with the question, the verdict and a prompt with the figures.
    expect(parts[0]?.length).toBeLessThanOrEqual(21);
    expect(parts[1]?.length).toBeLessThanOrEqual(17);
  });

  test("shows the problem of a way that could not be measured", () => {
    const failed = question.measurement.ways.map((way) => ({
      way,
      figures: undefined,
      problem: "ENOMEM",
    }));
    const lines = renderMeasured(question, failed, width, plainPaint);
    expect(lines.filter((line) => line.includes("ENOMEM"))).toHaveLength(failed.length);
  });
});

test("milliseconds has one decimal below 10, and a dash for a missing figure", () => {
  const { value } = milliseconds("all done", "wallMs");
  expect([{ wallMs: 9.94 }, { wallMs: 9.96 }, { wallMs: 1234.5 }, {}].map(value)).toEqual([
    "9.9 ms",
    "10 ms",
    "1235 ms",
    "–",
  ]);
});

import { exercises } from "@unblock/proto/exercises";
import { describe, expect, test } from "vitest";
import { proseOf, readTexts } from "./exercise-texts.ts";

describe("the page's texts", () => {
  const texts = readTexts();

  test.each(exercises)(
    "$letter has a scenario, a question and a rationale",
    ({ letter, allStrategies }) => {
      const text = texts[letter];
      expect(text?.scenario).not.toEqual([]);
      expect(text?.rationale).not.toEqual([]);
      const question = JSON.stringify(text?.question);
      expect(question).toContain("?");
      // The question must not reveal the answer.
      for (const { reason } of allStrategies) {
        expect(question).not.toContain(reason);
      }
    },
  );
});

test("parses text into elements, replaces links by their text and unfolds details", () => {
  const markdown = [
    "<details>\n<summary>Decide first</summary>\n",
    "One `two` **three**\n_four_ [five](six.ts).\n",
    "- seven\n- eight\n",
    "</details>",
  ].join("\n");
  expect(proseOf(markdown)).toEqual([
    {
      tag: "p",
      inside: [
        ...["One ", { tag: "code", inside: ["two"] }, " "],
        ...[{ tag: "strong", inside: ["three"] }, " ", { tag: "em", inside: ["four"] }],
        ...[" ", "five", "."],
      ],
    },
    {
      tag: "ul",
      inside: [
        { tag: "li", inside: ["seven"] },
        { tag: "li", inside: ["eight"] },
      ],
    },
  ]);
});

test("fails the build for Markdown that the page cannot show", () => {
  expect(() => proseOf("<script>alert(1)</script>")).toThrow("Expected paragraphs");
});

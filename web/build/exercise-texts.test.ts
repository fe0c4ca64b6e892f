import { describe, expect, test } from "vitest";
import { exercises } from "../../registry/exercises.ts";
import { readTexts } from "./exercise-texts.ts";
import { proseOf } from "./prose.ts";

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
      // It must not give the answer away, as the table below it would.
      for (const { reason } of allStrategies) {
        expect(question).not.toContain(reason);
      }
    },
  );
});

test("text becomes elements, with links as their text and nothing folded away", () => {
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

test("what the page could not show fails the build", () => {
  expect(() => proseOf("<script>alert(1)</script>")).toThrow("Expected paragraphs");
});

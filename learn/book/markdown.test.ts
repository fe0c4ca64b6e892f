import { expect, test } from "vitest";
import { listOf, renderMarkdown, sectionOf } from "./markdown.ts";

const document = `# A title

## First

one

### Part of it

## First of all

- two
  halves
- three
`;

test("finds the text under a heading", () => {
  expect(sectionOf(document, "First").trim()).toBe("one\n\n### Part of it");
  expect(listOf(sectionOf(document, "First of all"))).toEqual(["two halves", "three"]);
  expect(() => sectionOf(document, "Second")).toThrow(/"## Second"/);
});

test("renders paragraphs, lists, code and tables as plain lines", () => {
  const markdown = `
<details>

A paragraph with **bold**, _slanted_ and \`code_of_names\`, in two
lines, and [a link](https://example.com/a_b).

- **One.** A point that is longer
  than its line.
- Two.

\`\`\`ts
const a_b = [1](2);
\`\`\`

| a | b |
| - | - |

</details>
`;
  expect(renderMarkdown(markdown, 30)).toEqual([
    "A paragraph with bold, slanted",
    "and `code_of_names`, in two",
    "lines, and a link.",
    "",
    "- One. A point that is longer",
    "  than its line.",
    "- Two.",
    "",
    "  const a_b = [1](2);",
    "",
    "  | a | b |",
    "  | - | - |",
  ]);
});

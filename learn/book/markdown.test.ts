import { expect, test } from "vitest";
import { renderMarkdown, sectionOf } from "./markdown.ts";

const document = `# A title

## First

one

## First of all

two
`;

test("finds the text under a heading", () => {
  expect(sectionOf(document, "First").trim()).toBe("one");
  expect(sectionOf(document, "First of all").trim()).toBe("two");
  expect(() => sectionOf(document, "Second")).toThrow('Expected a heading "## Second", found none');
});

test("makes plain lines of it", () => {
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

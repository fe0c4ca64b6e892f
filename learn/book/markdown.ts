import { wrap } from "../terminal/wrap.ts";

/**
 * The text under a heading of the second level, without the heading; an exercise's README has them
 * all.
 *
 * @throws Error when there is no such heading
 */
export function sectionOf(markdown: string, heading: string): string {
  const start = `## ${heading}\n`;
  const section = `\n${markdown}`.split("\n## ").find((part) => `## ${part}`.startsWith(start));
  if (section === undefined) {
    throw new Error(`Expected a heading "## ${heading}", found none`);
  }
  return section.slice(heading.length + 1);
}

/** Markdown as lines for a terminal: paragraphs, lists, code blocks, tables; links are their text. */
export function renderMarkdown(markdown: string, width: number): string[] {
  const lines: string[] = [];
  let paragraph: string[] = [];
  let inCode = false;
  const endParagraph = () => {
    const text = plain(paragraph.join(" "));
    const [, bullet = ""] = /^([-*] |\d+\. )/.exec(text) ?? [];
    if (text !== "") {
      lines.push(...wrap(text.slice(bullet.length), width, bullet, " ".repeat(bullet.length)));
    }
    paragraph = [];
  };
  for (const line of markdown.split("\n")) {
    if (line.startsWith("```")) {
      endParagraph();
      inCode = !inCode;
    } else if (inCode || line.startsWith("|")) {
      endParagraph();
      lines.push(`  ${line}`);
    } else if (/^\s*$|^<\/?(details|summary)>/.test(line)) {
      endParagraph();
      if (lines.length > 0 && lines.at(-1) !== "") {
        lines.push("");
      }
    } else {
      if (/^([-*] |\d+\. )/.test(line)) {
        endParagraph();
      }
      paragraph.push(line.trim());
    }
  }
  endParagraph();
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

function plain(text: string): string {
  return text
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replaceAll(/\*\*([^*]+)\*\*/g, "$1")
    .replaceAll(/(?<!\w)[_*]([^_*\s][^_*]*)[_*](?!\w)/g, "$1");
}

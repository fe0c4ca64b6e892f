import { wrap, wrapBehind } from "@unblock/terminal/text";
import { lexer, type Token } from "marked";

/**
 * Returns the markdown under a heading of the second level, without the heading.
 *
 * @throws Error when there is no such heading
 */
export function sectionOf(markdown: string, heading: string): string {
  const tokens = lexer(markdown);
  const isHeading = (token: Token) => token.type === "heading" && token.depth <= 2;
  const at = tokens.findIndex(
    (token) => token.type === "heading" && token.depth === 2 && token.text === heading,
  );
  if (at < 0) {
    throw new Error(`Expected a heading "## ${heading}", found none`);
  }
  const rest = tokens.slice(at + 1);
  const end = rest.findIndex(isHeading);
  return rest
    .slice(0, end < 0 ? undefined : end)
    .map(({ raw }) => raw)
    .join("");
}

/** Returns the title of a markdown text and its first paragraph. */
export function introductionOf(markdown: string): { title: string; paragraph: string } {
  const tokens = lexer(markdown);
  const textOf = (type: string) => {
    const token = tokens.find((one) => one.type === type);
    return token !== undefined && "text" in token ? String(token.text).replaceAll("\n", " ") : "";
  };
  return { title: textOf("heading"), paragraph: textOf("paragraph") };
}

/** Returns the items of the first list of a markdown text, as markdown. */
export function listOf(markdown: string): string[] {
  const list = lexer(markdown).find(({ type }) => type === "list");
  const items: readonly { readonly text: string }[] = list?.type === "list" ? list.items : [];
  return items.map(({ text }) => text.replaceAll("\n", " "));
}

/** Anchor that GitHub gives a heading. */
export function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} -]/gu, "")
    .replaceAll(" ", "-");
}

/** Renders markdown as lines of a terminal. Of a link its text is shown, of HTML tags nothing. */
export function renderMarkdown(markdown: string, width: number): string[] {
  const blocks = lexer(markdown)
    .map((token) => renderBlock(token, width))
    .filter((lines) => lines.length > 0);
  return blocks.flatMap((lines, index) => (index === 0 ? lines : ["", ...lines]));
}

function renderBlock(token: Token, width: number): string[] {
  switch (token.type) {
    case "space":
    case "html":
      return [];
    case "list": {
      const items: readonly { readonly tokens: Token[] }[] = token.items;
      return items.flatMap(({ tokens }, index) => {
        const bullet = token.ordered ? `${index + 1}. ` : "- ";
        return wrapBehind(bullet, plainText(tokens), width);
      });
    }
    case "paragraph":
      return wrap(plainText([token]), width);
    default:
      // Code and tables keep their lines.
      return (token.type === "code" ? token.text : token.raw.trimEnd())
        .split("\n")
        .map((line: string) => `  ${line}`);
  }
}

function plainText(tokens: readonly Token[]): string {
  return tokens
    .map((token) => {
      if (token.type === "codespan") {
        return token.raw;
      }
      return "tokens" in token && token.tokens !== undefined
        ? plainText(token.tokens)
        : "text" in token
          ? token.text
          : "";
    })
    .join("");
}

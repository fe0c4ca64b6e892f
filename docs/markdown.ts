import { lexer, type Token, walkTokens } from "marked";

/** Texts of the code blocks of a language, each with a line break at its end. */
export function codeBlocks(markdown: string, language: string): string[] {
  return tokensOf(markdown).flatMap((token) =>
    token.type === "code" && token.lang === language ? [`${token.text}\n`] : [],
  );
}

/** Texts of the inline code. */
export function codeSpans(markdown: string): string[] {
  return tokensOf(markdown).flatMap((token) =>
    token.type === "codespan" ? [String(token.text).replaceAll("\n", " ")] : [],
  );
}

/** Targets of links and images. */
export function linkTargets(markdown: string): string[] {
  return tokensOf(markdown).flatMap((token) =>
    token.type === "link" || token.type === "image" ? [String(token.href)] : [],
  );
}

/** Texts of the headings of a level; default: of all levels. */
export function headings(markdown: string, level?: number): string[] {
  return tokensOf(markdown).flatMap((token) =>
    token.type === "heading" && (level ?? token.depth) === token.depth ? [String(token.text)] : [],
  );
}

/** Rows of all tables below their headers: the cells' texts, as Markdown. */
export function tableRows(markdown: string): string[][] {
  return tokensOf(markdown).flatMap((token) =>
    token.type === "table"
      ? token.rows.map((row: readonly { readonly text: string }[]) => row.map(({ text }) => text))
      : [],
  );
}

function tokensOf(markdown: string): Token[] {
  const tokens: Token[] = [];
  walkTokens(lexer(markdown), (token) => {
    tokens.push(token);
  });
  return tokens;
}

/** The project's documents and their parts, for the tests of what they say. */
import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { lexer, type Token, walkTokens } from "marked";

/** The project's folder. */
export const root: string = fileURLToPath(new URL("../../", import.meta.url));

/** Paths of all documents of the project. */
export const documents: readonly string[] = globSync("**/*.md", {
  cwd: root,
  exclude: (path) => /(^|\/)(node_modules|web\/dist)$/.test(path) || path.startsWith("."),
});

/** Text of a file of the project. */
export function read(path: string): string {
  return readFileSync(root + path, "utf8");
}

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

/** Commands of the blocks of a document: of its scripts, and after the prompts of its sessions. */
export function commandsIn(document: string): string[] {
  const markdown = read(document);
  const sessions = [...codeBlocks(markdown, "console"), ...codeBlocks(markdown, "text")];
  const prompted = sessions.flatMap((session) =>
    [...session.matchAll(/^\$ ((?:.*\\\n)*.*)$/gm)].map(([, command = ""]) => command),
  );
  return [...codeBlocks(markdown, "bash"), ...prompted].flatMap(splitScript);
}

/** Commands within the text of a document, which may have placeholders. */
export function inlineCommandsIn(document: string): string[] {
  return codeSpans(read(document)).filter((code) => /^(npm|npx|node|bash) /.test(code));
}

/** Commands of a script, without comments. `a && b` is two. */
function splitScript(script: string): string[] {
  return script
    .replaceAll(/ *\\\n */g, " ")
    .split(/\n|&&/)
    .map((line) => line.replace(/(^|\s)#.*$/, "").trim())
    .filter((line) => line !== "");
}

import { lexer, type Token } from "marked";

/** A piece of text as the page makes elements of it: plain, or a tag with what is in it. */
export type Prose = string | Element;

interface Element {
  readonly tag: string;
  readonly inside: readonly Prose[];
}

/**
 * Markdown as a tree, so that the page needs neither a parser nor HTML. What is folded away there
 * stands open, and links to files are their text: the page has no files to show.
 */
export function proseOf(markdown: string): Prose[] {
  const unfolded = markdown.replace(/<summary>.*?<\/summary>/gs, "").replace(/<\/?details>/g, "");
  return lexer(unfolded).flatMap(readBlock);
}

function readBlock(token: Token): Prose[] {
  switch (token.type) {
    case "paragraph":
      return [{ tag: "p", inside: readInlines(token.tokens) }];
    case "text":
      return token.tokens ? readInlines(token.tokens) : [token.text];
    case "list": {
      const items: readonly { tokens: Token[] }[] = token.items;
      const inside = items.map(({ tokens }) => ({ tag: "li", inside: tokens.flatMap(readBlock) }));
      return [{ tag: token.ordered ? "ol" : "ul", inside }];
    }
    case "code":
      return [{ tag: "pre", inside: [token.text] }];
    case "space":
      return [];
    default:
      throw new Error(
        `Expected paragraphs, lists and code in an exercise's text, got ${token.raw}`,
      );
  }
}

function readInlines(tokens: readonly Token[] = []): Prose[] {
  return tokens.flatMap((token): Prose[] => {
    switch (token.type) {
      case "strong":
      case "em":
        return [{ tag: token.type, inside: readInlines(token.tokens) }];
      case "codespan":
        return [{ tag: "code", inside: [token.text] }];
      case "link":
        return readInlines(token.tokens);
      case "text":
      case "escape":
        return [token.text.replaceAll("\n", " ")];
      default:
        throw new Error(
          `Expected plain, strong and slanted text, code and links, got ${token.raw}`,
        );
    }
  });
}

/** Where a file switches the type check off. */
export interface Unchecked {
  /** From 1. */
  readonly line: number;
  /** Such as "@ts-expect-error", or "any". */
  readonly what: string;
}

/** What TypeScript takes for an order not to check, in a comment. */
const order = /(?:\/\/|\/\*|^\s*\*)\s*(@ts-(?:nocheck|ignore|expect-error))\b/;
/** The type any, and not a name such as in AbortSignal.any or { any: 1 }. */
const anyType = /(?:[:<|&,=(]|\b(?:as|extends|satisfies|is))\s*any\b(?!\s*[:(.?])/;
/** What is no code: comments, and texts in quotes. */
const noCode = /\/\/.*|\/\*[\s\S]*?\*\/|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'/g;

/** Orders not to check a line, or the file. */
export function findOrders(source: string): readonly Unchecked[] {
  return find(source, (line) => order.exec(line)?.[1]);
}

/** Values whose type is any: whatever is done with them goes unchecked. */
export function findAny(source: string): readonly Unchecked[] {
  const code = source.replace(noCode, (text) => text.replace(/[^\n]/g, " "));
  return find(code, (line) => (anyType.test(line) ? "any" : undefined));
}

function find(source: string, look: (line: string) => string | undefined): readonly Unchecked[] {
  return source.split("\n").flatMap((text, index) => {
    const what = look(text);
    return what === undefined ? [] : [{ line: index + 1, what }];
  });
}

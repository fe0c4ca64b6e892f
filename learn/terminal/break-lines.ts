import { stripVTControlCharacters } from "node:util";

const indent = "    ";

/**
 * Breaks lines that are wider than the terminal, which would otherwise cut them off silently. Colours
 * go on in the next line.
 */
export function breakLines(lines: readonly string[], width: number): string[] {
  return lines.flatMap((line) =>
    stripVTControlCharacters(line).length <= width ? [line] : breakLine(line, width),
  );
}

function breakLine(line: string, width: number): string[] {
  const broken: string[] = [];
  let part = "";
  let length = 0;
  let styles = "";
  for (let at = 0; at < line.length; ) {
    if (line[at] === "\x1b") {
      const code = line.slice(at, line.indexOf("m", at) + 1) || "\x1b";
      part += code;
      styles += code;
      at += code.length;
      continue;
    }
    if (length === width) {
      broken.push(`${part}${styles === "" ? "" : "\x1b[0m"}`);
      part = indent + styles;
      length = indent.length;
    }
    part += line[at];
    length++;
    at++;
  }
  return [...broken, part];
}

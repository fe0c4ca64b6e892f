/** Lines that begin with "here:" differ from machine to machine; where they stand does not. */
export function stableLines(output: string): string[] {
  return output.split("\n").map((line) => (line.startsWith("here:") ? "here:" : line));
}

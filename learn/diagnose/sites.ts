import type { CodeLine, CountedLine } from "./diagnosis.ts";
import { inWords, times } from "./numbers.ts";
import { shownPlace } from "./own-code.ts";

/** What has more lines is counted without them: nobody reads on. */
const maxLines = 50;
const maxShown = 4;

/** The lines at which one cause was seen. */
export class Sites {
  readonly #lines = new Map<string, CountedLine>();

  add(line: CodeLine, ms: number): void {
    const key = `${line.file}:${line.line}:${line.beginsAt}`;
    const before = this.#lines.get(key);
    if (before !== undefined || this.#lines.size < maxLines) {
      const { count = 0, totalMs = 0 } = before ?? {};
      this.#lines.set(key, { line: before?.line ?? line, count: count + 1, totalMs: totalMs + ms });
    }
  }

  /** The worst first. */
  read(): CountedLine[] {
    return [...this.#lines.values()].sort((a, b) => b.totalMs - a.totalMs || b.count - a.count);
  }
}

/** A sentence about the lines beside the worst; empty when there are none. */
export function alsoAt(others: readonly CountedLine[]): string {
  if (others.length === 0) {
    return "";
  }
  const shown = others.slice(0, maxShown).map(({ line, count, totalMs }) => {
    const howLong = totalMs > 0 ? `, ${inWords(totalMs)}` : "";
    return `${shownPlace(line)} (${line.what}, ${times(count)}${howLong})`;
  });
  const more = others.length - shown.length;
  const last = more > 0 ? [`${more} more ${more === 1 ? "line" : "lines"}`] : [];
  const all = [...shown, ...last];
  const list = all.length === 1 ? all[0] : `${all.slice(0, -1).join(", ")} and ${all.at(-1)}`;
  return ` The same at ${list}.`;
}

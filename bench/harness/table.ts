import { type Finding, isReached } from "./bench.ts";

export interface Surroundings {
  readonly cores: number;
  readonly node: string;
  readonly ghz: string;
  /** Whether server and client have a core each. */
  readonly pinned: boolean;
}

/** The findings for people, in 80 columns or as many more as the names need. */
export function renderTable(
  title: string,
  surroundings: Surroundings,
  findings: readonly Finding[],
): string {
  const { cores, node, ghz, pinned } = surroundings;
  const rows = findings.flatMap(({ part, rows }) => rows.map((row) => ({ part, ...row })));
  const widths = {
    what: Math.max(...rows.map(({ what }) => what.length)),
    measured: Math.max("measured".length, ...rows.map(({ measured }) => measured.length)),
    wanted: Math.max("wanted".length, ...rows.map(({ wanted }) => wanted.length)),
  };
  const line = (what: string, measured: string, wanted: string, mark: string) =>
    `  ${what.padEnd(widths.what)}  ${measured.padStart(widths.measured)}  ${wanted.padStart(widths.wanted)}  ${mark}`.trimEnd();
  const lines = [
    `${title} beside its peers (ghz ${ghz}), on ${cores} core${cores === 1 ? "" : "s"}, Node ${node},`,
    pinned ? "server and client on a core each." : "server and client not pinned to cores.",
    "",
    line("", "measured", "wanted", ""),
  ];
  let current: string | undefined;
  for (const { part, what, measured, wanted, reached } of rows) {
    if (part !== current) {
      lines.push(part);
      current = part;
    }
    lines.push(line(what, measured, wanted, reached === null ? " " : reached ? "✓" : "✗"));
  }
  return `${lines.join("\n")}\n`;
}

/** The findings for scripts. */
export function toJson(surroundings: Surroundings, findings: readonly Finding[]) {
  return {
    machine: surroundings,
    parts: findings.map((finding) => ({
      part: finding.part,
      ...finding.figures,
      reached: isReached(finding),
    })),
  };
}

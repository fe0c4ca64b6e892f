import { medianOf } from "@unblock/measure/statistics";
import type { Pinning } from "./processes.ts";

/** The RPC that a load calls. */
export interface Target {
  /** `package.Service/Method` */
  readonly rpc: string;
  /** Path of a descriptor set with its schema. */
  readonly descriptorSet: string;
  /** The request as JSON. */
  readonly data: string;
}

/** What a load client is to do. */
export interface Load {
  /** URL of the server, `http://127.0.0.1:port`. */
  readonly url: string;
  readonly target: Target;
  readonly connections: number;
  /** Further flags of the client. */
  readonly flags: readonly string[];
}

/** Connections of each client, unless a part says otherwise. */
export const connections = 4;
/** Calls that both clients keep in flight where they are compared. */
export const inFlight = 50;

/** What the parts of a bench measure with. */
export interface Bench {
  readonly pinning: Pinning;
  /** Path of the pinned ghz. */
  readonly ghz: string;
  /** Measurements per peer; their median counts. */
  readonly runs: number;
  /**
   * Waits until the machine is quiet, then shows the next step.
   *
   * @throws TooBusyError when the machine stays busy
   */
  readonly step: (what: string) => Promise<void>;
}

/** Measures `bench.runs` times, each as a step. @param what such as "burst" */
export async function repeat<Value>(
  { step, runs }: Pick<Bench, "step" | "runs">,
  what: string,
  measure: (run: number) => Promise<Value>,
): Promise<Value[]> {
  const values: Value[] = [];
  for (let run = 1; run <= runs; run++) {
    await step(`${what}, ${run} of ${runs}`);
    values.push(await measure(run));
  }
  return values;
}

/** Measures one part of a bench. */
export type Measure = (bench: Bench) => Promise<Finding[]>;

/** The result of one measurement. */
export interface Finding {
  readonly part: string;
  /** Figures for scripts, under their names in `--json`. */
  readonly figures: Readonly<Record<string, unknown>>;
  /** Rows of the table. */
  readonly rows: readonly Row[];
}

export interface Row {
  readonly what: string;
  readonly measured: string;
  readonly wanted: string;
  /** null for a figure without a target. */
  readonly reached: boolean | null;
}

/** A figure without a target. */
export function plainRow(what: string, measured: string): Row {
  return { what, measured, wanted: "", reached: null };
}

/** A figure that should not exceed `max`. @param show formats both */
export function atMost(
  what: string,
  value: number,
  max: number,
  show: (value: number) => string,
): Row {
  return { what, measured: show(value), wanted: `≤ ${show(max)}`, reached: value <= max };
}

/** A figure that should be `min` or more. @param show formats both */
export function atLeast(
  what: string,
  value: number,
  min: number,
  show: (value: number) => string,
): Row {
  return { what, measured: show(value), wanted: `≥ ${show(min)}`, reached: value >= min };
}

/** Formats a factor, such as "1.20 ×". */
export function factor(value: number): string {
  return `${value.toFixed(2)} ×`;
}

/** Formats a unit with its digits, such as "1.2 ms". */
export function unit(name: string, digits: number): (value: number) => string {
  return (value) => `${value.toFixed(digits)} ${name}`;
}

export function isReached({ rows }: Finding): boolean {
  return rows.every(({ reached }) => reached !== false);
}

/** Spread of repeated measurements. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** @param values at least one */
export function spreadOf(values: readonly number[]): Spread {
  return { min: Math.min(...values), median: medianOf(values), max: Math.max(...values) };
}

interface Environment {
  readonly cores: number;
  readonly node: string;
  readonly ghz: string;
  /** Whether server and client have a core each. */
  readonly pinned: boolean;
}

/** Renders the findings as a table of 80 columns, or as many more as the names need. */
export function renderTable(
  title: string,
  { cores, node, ghz, pinned }: Environment,
  findings: readonly Finding[],
): string {
  const rows = findings.flatMap((finding) => finding.rows);
  const widthOf = (column: "what" | "measured" | "wanted", min: number) =>
    Math.max(min, ...rows.map((row) => row[column].length));
  const [what, measured, wanted] = [
    widthOf("what", 0),
    widthOf("measured", "measured".length),
    widthOf("wanted", "wanted".length),
  ];
  const line = (row: Omit<Row, "reached">, mark: string) =>
    `  ${row.what.padEnd(what)}  ${row.measured.padStart(measured)}  ${row.wanted.padStart(wanted)}  ${mark}`.trimEnd();
  const lines = [
    `${title} beside its peers (ghz ${ghz}), on ${cores} core${cores === 1 ? "" : "s"}, Node ${node},`,
    pinned ? "server and client on a core each." : "server and client not pinned to cores.",
    "",
    line({ what: "", measured: "measured", wanted: "wanted" }, ""),
    ...[...Map.groupBy(findings, ({ part }) => part)].flatMap(([part, all]) => [
      part,
      ...all
        .flatMap((finding) => finding.rows)
        .map((row) => line(row, row.reached === null ? "" : row.reached ? "✓" : "✗")),
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

/** The findings as JSON, for scripts. */
export function toJson(environment: Environment, findings: readonly Finding[]) {
  return {
    machine: environment,
    parts: findings.map((finding) => ({
      part: finding.part,
      ...finding.figures,
      reached: isReached(finding),
    })),
  };
}

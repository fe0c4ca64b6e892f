import { intervalOf, medianOf } from "@unblock/measure/statistics";
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
  /** Finds the pinned ghz, or installs it. Returns its path. */
  readonly ghz: () => Promise<string>;
  /** Measurements per peer; their median counts. */
  readonly runs: number;
  /**
   * Waits until the machine is quiet, then shows the part's next step.
   *
   * @throws TooBusyError when the machine stays busy
   */
  readonly step: (what: string) => Promise<void>;
  /** Shows the part's next step, on a machine that need not be quiet. */
  readonly say: (what: string) => void;
}

/** Measures `bench.runs` times, each as a step. @param what what one of the measurements is */
export async function repeat<Value>(
  { step, runs }: Bench,
  measure: (run: number) => Promise<Value>,
  what = "run",
): Promise<Value[]> {
  const values: Value[] = [];
  for (let run = 1; run <= runs; run++) {
    await step(`${what} ${run} of ${runs}`);
    values.push(await measure(run));
  }
  return values;
}

/** Measures one part of a bench. */
export type Measure = (bench: Bench) => Promise<Finding | Finding[]>;

/** The result of one measurement. */
export interface Finding {
  /** Name for scripts and above the rows; default: that of the measured part. */
  readonly part?: string;
  /** Title of the rows, when the part's name does not say enough. */
  readonly title?: string;
  /** Figures for scripts, under their names in `--json`. */
  readonly figures: Readonly<Record<string, unknown>>;
  /** Rows of the table. */
  readonly rows: readonly Row[];
}

export interface NamedFinding extends Finding {
  readonly part: string;
}

export interface Row {
  readonly what: string;
  readonly measured: string;
  /** Of repeated measurements. */
  readonly interval?: string;
  readonly wanted: string;
  /** null for a figure without a target. */
  readonly reached: boolean | null;
}

/** A figure without a target. */
export function plainRow(what: string, measured: string, interval = ""): Row {
  return { what, measured, interval, wanted: "", reached: null };
}

type Show = (value: number) => string;

/** A figure that should not exceed `max`. @param values one or several, of which the median counts */
export function atMost(what: string, values: Values, max: number, show: Show): Row {
  return {
    ...measuredRow(what, values, show),
    wanted: `≤ ${show(max)}`,
    reached: medianIn(values) <= max,
  };
}

/** A figure that should be `min` or more. @param values one or several, of which the median counts */
export function atLeast(what: string, values: Values, min: number, show: Show): Row {
  return {
    ...measuredRow(what, values, show),
    wanted: `≥ ${show(min)}`,
    reached: medianIn(values) >= min,
  };
}

type Values = number | readonly number[];

function medianIn(values: Values): number {
  return typeof values === "number" ? values : medianOf(values);
}

/** A figure without a target. @param values one or several, of which the median counts */
export function measuredRow(what: string, values: Values, show: Show): Row {
  const interval = typeof values === "number" ? undefined : intervalOf(values);
  return plainRow(
    what,
    show(medianIn(values)),
    // The unit, after the number, is in the column before.
    interval?.map((bound) => show(bound).split(" ")[0]).join("–"),
  );
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

interface Growth {
  /** What is measured, such as "heap". */
  readonly what: string;
  readonly fewCalls: number;
  readonly manyCalls: number;
  readonly wantedMb: number;
}

/** Compares memory after few calls with that after many. @param mbAfter makes so many calls in total */
export async function measureGrowth(
  { step }: Bench,
  { what, fewCalls, manyCalls, wantedMb }: Growth,
  mbAfter: (calls: number) => Promise<number>,
): Promise<Finding> {
  const count = (calls: number) => calls.toLocaleString("en");
  await step(`${count(fewCalls)} calls`);
  const few = await mbAfter(fewCalls);
  await step(`${count(manyCalls)} calls`);
  const many = await mbAfter(manyCalls);
  const after = (calls: number, mb: number) => `${count(calls)} calls ${mb.toFixed(1)} MB`;
  const title = `${what} after ${after(manyCalls, many)}, after ${after(fewCalls, few)}`;
  return {
    figures: {
      few_calls: fewCalls,
      [`few_calls_${what}_mb`]: few,
      many_calls: manyCalls,
      [`many_calls_${what}_mb`]: many,
      growth_mb: many - few,
      wanted_growth_mb: wantedMb,
    },
    rows: [atMost(title, many - few, wantedMb, unit("MB more", 1))],
  };
}

interface Environment {
  readonly cores: number;
  readonly node: string;
  readonly ghz: string;
  /** Whether server and client have one core each. */
  readonly pinned: boolean;
}

/** Renders the findings as a table of 80 columns, or as many more as the names need. */
export function renderTable(
  title: string,
  { cores, node, ghz, pinned }: Environment,
  findings: readonly NamedFinding[],
): string {
  const hasIntervals = findings.some(({ rows }) => rows.some(({ interval }) => interval));
  const cellsOf = ({ what, measured, interval = "", wanted }: Omit<Row, "reached">) =>
    hasIntervals ? [what, measured, interval, wanted] : [what, measured, wanted];
  const header = cellsOf({
    what: "",
    measured: "measured",
    interval: "interval",
    wanted: "wanted",
  });
  const all = [header, ...findings.flatMap(({ rows }) => rows.map(cellsOf))];
  const widths = header.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = ([what = "", ...others]: readonly string[], mark: string) => {
    const aligned = others.map((cell, index) => cell.padStart(widths[index + 1] ?? 0));
    return `  ${[what.padEnd(widths[0] ?? 0), ...aligned, mark].join("  ")}`.trimEnd();
  };
  const groups = Map.groupBy(findings, ({ part, title }) => (title ? `${part}: ${title}` : part));
  const lines = [
    `${title}, on ${cores} core${cores === 1 ? "" : "s"}, Node ${node}, ghz ${ghz},`,
    pinned ? "server and client on one core each." : "server and client not pinned to cores.",
    "",
    line(header, ""),
    ...[...groups].flatMap(([heading, ofGroup]) => [
      heading,
      ...ofGroup
        .flatMap(({ rows }) => rows)
        .map((row) => line(cellsOf(row), row.reached === null ? "" : row.reached ? "✓" : "✗")),
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

/** The findings as JSON, for scripts. */
export function toJson(environment: Environment, findings: readonly NamedFinding[]) {
  return {
    machine: environment,
    parts: findings.map((finding) => ({
      part: finding.part,
      ...finding.figures,
      reached: isReached(finding),
    })),
  };
}

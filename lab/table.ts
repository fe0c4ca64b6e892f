import { type Cores, describeCores } from "@unblock/measure/cores";
import { executors } from "@unblock/proto/exercises";
import { markOf } from "@unblock/terminal/mark";
import { count, ms, range, times } from "@unblock/terminal/numbers";
import { type Paint, wrap } from "@unblock/terminal/text";
import { compare, type Measurement } from "./judge.ts";
import { summaryOf } from "./summary.ts";

/** Least width at which the reasons are printed beside the figures. */
const wideColumns = 150;
const summaryColumns = 80;

interface Column {
  readonly title: string;
  /** Negative: left-aligned. */
  readonly width: number;
  readonly cell: (measurement: Measurement, best: Measurement | undefined) => string;
}

// 80 columns, together with the mark.
const columns: readonly Column[] = [
  { title: "strategy", width: -13, cell: nameOf },
  { title: "wall", width: 6, cell: ({ wallMs }) => ms(wallMs.median) },
  { title: "", width: 2, cell: (one, best) => (isEqual(one, best) ? "=" : "") },
  { title: "ideal", width: 6, cell: ({ idealMs }) => ms(idealMs) },
  { title: "ratio", width: 6, cell: ({ ratio }) => (ratio === null ? "-" : times(ratio)) },
  {
    title: "interval",
    width: 12,
    // Intervals of disturbed measurements mean nothing.
    cell: ({ ratioInterval, inconclusive }) =>
      ratioInterval === undefined || inconclusive !== undefined ? "-" : range(ratioInterval),
  },
  { title: "exp.", width: 5, cell: expectedCell },
  { title: "p50/p99", width: 10, cell: ({ latencyMs: { p50, p99 } }) => `${ms(p50)}/${ms(p99)}` },
  { title: "probe", width: 6, cell: ({ probeP99Ms }) => ms(probeP99Ms) },
  { title: "ran on", width: 12, cell: ({ ranOn }) => whereOf(ranOn) },
];

const costColumns: readonly Column[] = [
  { title: "costs of", width: -13, cell: nameOf },
  { title: "threads", width: 8, cell: ({ ranOn }) => `${ranOn.threads ?? "-"}` },
  { title: "memory", width: 9, cell: ({ costs }) => amount(costs?.memoryMb, "MB") },
  { title: "CPU/call", width: 11, cell: ({ costs }) => amount(costs?.cpuPerCallMs, "ms") },
  { title: "10× calls", width: 10, cell: ({ costs }) => amount(costs?.tenTimesMs, "ms") },
  { title: "a crash ends", width: 25, cell: ({ costs }) => costs?.crashEnds ?? "" },
];

const marks = "★ recommended   ✓ works, at a price   ~ slow for its caller   ✗ freezes everyone";

const legend = [
  "wall     first call sent to last response, in ms; = no difference to ★ was seen",
  "ideal    the least possible: waiting overlaps, then the calls' CPU time ÷ cores",
  "ratio    wall ÷ ideal, 1.00 is perfect; its interval is right in 9 of 10 labs",
  "exp.     whether wall is in the specification's range: in, OUT, or ? can't tell",
  "p50/p99  latencies of the burst's calls: half are below the one, 99 % the other",
  "probe    p99 of a cheap call made every 5 ms meanwhile: what everyone else feels",
];

const costLegend = [
  "memory     of its own JavaScript threads or processes",
  "CPU/call   CPU time of the server and its processes",
  "10× calls  wall of ten times as many calls; CPU work is a tenth in each",
];

export class Table {
  readonly #columns: number;
  readonly #paint: Paint;
  readonly #usableCores: number;
  #isExplained = false;
  #areCostsExplained = false;

  constructor(columns: number, paint: Paint, usableCores: number) {
    this.#columns = columns;
    this.#paint = paint;
    this.#usableCores = usableCores;
  }

  exercise(measured: readonly Measurement[]): string {
    const [first] = measured;
    if (first === undefined) {
      return "";
    }
    const { letter, title, recommended, burst } = first.exercise;
    const best = measured.find(({ strategy }) => strategy.name === recommended);
    const [from, to] = (best ?? first).expectedMs.map((edge) => edge.toFixed(0));
    const heading = this.#paint("bold", `${letter}  ${title}`);
    const lines = [
      ...(this.#isExplained ? [] : [marks, ...legend, ""]),
      `${heading}: ${callsAtOnce(burst.calls)}, expected ${from}–${to} ms`,
      this.#header(columns),
      ...measured.map((one) => this.#row(one, columns, best)),
      ...measured.flatMap(failureOf),
      ...this.#costs(measured.filter(({ costs }) => costs !== undefined)),
      ...wrap(summaryOf(measured, this.#usableCores), summaryColumns, "   → ", "     "),
    ];
    this.#isExplained = true;
    return `${lines.join("\n")}\n\n`;
  }

  #costs(measured: readonly Measurement[]): string[] {
    if (measured.length < 2) {
      return [];
    }
    const legend = this.#areCostsExplained ? [] : costLegend;
    this.#areCostsExplained = true;
    return [
      this.#header(costColumns),
      ...measured.map((one) => this.#row(one, costColumns)),
      ...legend.map((line) => this.#paint("dim", `  ${line}`)),
    ];
  }

  #header(of: readonly Column[]): string {
    return this.#paint("dim", `  ${of.map(({ title, width }) => pad(title, width)).join("")}`);
  }

  #row(one: Measurement, of: readonly Column[], best?: Measurement): string {
    const isWide = of === columns && this.#columns >= wideColumns;
    // One CPU worker is measured for comparison and is no strategy of its own.
    const { mark, style } = one.isOneWorker
      ? ({ mark: " ", style: "dim" } as const)
      : markOf(one.strategy.suitability);
    const cells = of.map(({ width, cell }) => pad(cell(one, best), width)).join("");
    const why = isWide ? `   ${one.strategy.reason}` : "";
    const color = one.inconclusive === undefined ? style : "dim";
    return this.#paint(color, `${mark} ${cells}`.trimEnd()) + why;
  }
}

export function callsAtOnce(calls: number): string {
  return calls === 1 ? "1 call" : `${calls} calls at once`;
}

/** Heading of the result: how to measure less, and the machine. */
export function renderHeading(cores: Cores, externalBackends: readonly string[]): string {
  const external = externalBackends.join(" and ");
  return [
    "All eight take about a minute; for one, in seconds: npm run lab -- --exercise A",
    `unblock lab on ${describeCores(cores)}, Node ${process.version}.`,
    ...(external === "" ? [] : [`External: ${external}. All other backends are embedded.`]),
    "",
    "",
  ].join("\n");
}

function nameOf({ strategy, isOneWorker }: Measurement): string {
  return isOneWorker ? "1 worker" : strategy.name;
}

function isEqual(one: Measurement, best: Measurement | undefined): boolean {
  return (
    best !== undefined &&
    one !== best &&
    one.inconclusive === undefined &&
    best.inconclusive === undefined &&
    compare(one, best)?.isEqual === true
  );
}

function expectedCell({ withinExpected }: Measurement): string {
  return withinExpected === null ? "?" : withinExpected ? "in" : "OUT";
}

function failureOf({ exercise, strategy, firstError }: Measurement): string[] {
  return firstError === undefined ? [] : [`   ! ${exercise.rpc} ${strategy.name}: ${firstError}`];
}

function whereOf({ executor, processes, threads }: Measurement["ranOn"]): string {
  if (processes > 1) {
    return `${processes} processes`;
  }
  const { label = executor, lane = "" } = executors.get(executor) ?? {};
  return lane === "" || threads === null ? label : count(threads, lane);
}

function amount(value: number | undefined, unit: string): string {
  return value === undefined ? "-" : `${ms(value)} ${unit}`;
}

function pad(text: string, width: number): string {
  return width < 0 ? text.padEnd(-width) : text.padStart(width);
}

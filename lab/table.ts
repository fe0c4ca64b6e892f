import { styleText } from "node:util";
import { markOf } from "../cli/mark.ts";
import { describeCores } from "../measure/cores.ts";
import { compare } from "./compare.ts";
import type { Measurement } from "./measurement.ts";
import { ms, range, times } from "./numbers.ts";
import type { LabResult } from "./result.ts";
import { summaryOf } from "./summary.ts";

/** What is written to: a terminal with its width, or a file or pipe without. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** From this width on the reasons stand beside the figures. */
const wideColumns = 150;
const narrowColumns = 80;

interface Column {
  readonly title: string;
  /** With a sign it is aligned left. */
  readonly width: number;
  readonly cell: (measurement: Measurement, best: Measurement | undefined) => string;
}

// Together with the mark they fill 80 columns.
const columns: readonly Column[] = [
  { title: "strategy", width: -11, cell: nameOf },
  { title: "wall", width: 7, cell: ({ wallMs }) => ms(wallMs.median) },
  { title: "", width: 2, cell: (one, best) => (isEqual(one, best) ? "=" : "") },
  { title: "ideal", width: 6, cell: ({ idealMs }) => ms(idealMs) },
  { title: "ratio", width: 6, cell: ({ ratio }) => (ratio === null ? "-" : times(ratio)) },
  {
    title: "interval",
    width: 12,
    // An interval of disturbed measurements would mean nothing.
    cell: ({ ratioInterval, inconclusive }) =>
      ratioInterval === undefined || inconclusive !== undefined ? "-" : range(ratioInterval),
  },
  { title: "exp.", width: 5, cell: expectedCell },
  { title: "p50/p99", width: 10, cell: ({ latencyMs: { p50, p99 } }) => `${ms(p50)}/${ms(p99)}` },
  { title: "probe", width: 6, cell: ({ probeP99Ms }) => ms(probeP99Ms) },
  { title: "ran on", width: 13, cell: ({ ranOn }) => whereOf(ranOn) },
];

const costColumns: readonly Column[] = [
  { title: "costs of", width: -11, cell: nameOf },
  { title: "threads", width: 9, cell: ({ ranOn }) => `${ranOn.threads ?? "-"}` },
  { title: "memory", width: 9, cell: ({ costs }) => amount(costs?.memoryMb, "MB") },
  { title: "CPU/call", width: 11, cell: ({ costs }) => amount(costs?.cpuPerCallMs, "ms") },
  { title: "10× calls", width: 11, cell: ({ costs }) => amount(costs?.tenTimesMs, "ms") },
  { title: "a crash ends", width: 26, cell: ({ costs }) => costs?.crashTakes ?? "" },
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
  "10× calls  wall of ten times as many calls; computing ones do a tenth each",
];

/** Renders the result for people exercise by exercise, for the width of a terminal and with its colours. */
export class Table {
  readonly #stream: Terminal;
  readonly #usableCores: number;
  #isExplained = false;
  #areCostsExplained = false;

  constructor(stream: Terminal, usableCores: number) {
    this.#stream = stream;
    this.#usableCores = usableCores;
  }

  exercise(measured: readonly Measurement[]): string {
    const [first] = measured;
    if (first === undefined) {
      return "";
    }
    const { exercise } = first;
    const best = measured.find(({ strategy }) => strategy.name === exercise.recommended);
    const { calls } = exercise.burst;
    const burst = calls === 1 ? "1 call" : `${calls} calls at once`;
    const [from, to] = (best ?? first).expectedMs.map((edge) => edge.toFixed(0));
    const heading = paint("bold", `${exercise.letter}  ${exercise.title}`, this.#stream);
    const lines = [
      ...(this.#isExplained ? [] : [marks, ...legend, ""]),
      `${heading}: ${burst}, expected ${from}–${to} ms`,
      ...this.#header(columns),
      ...measured.map((one) => this.#row(one, columns, best)),
      ...measured.flatMap(failureOf),
      ...this.#costs(measured.filter(({ costs }) => costs !== undefined)),
      ...wrap(`→ ${summaryOf(measured, this.#usableCores)}`, narrowColumns - 3).map(
        (line) => `   ${line}`,
      ),
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
      ...this.#header(costColumns),
      ...measured.map((one) => this.#row(one, costColumns, undefined)),
      ...legend.map((line) => paint("dim", `  ${line}`, this.#stream)),
    ];
  }

  #header(of: readonly Column[]): string[] {
    const titles = of.map(({ title, width }) => pad(title, width)).join("");
    return [paint("dim", `  ${titles}`, this.#stream)];
  }

  #row(one: Measurement, of: readonly Column[], best: Measurement | undefined): string {
    const isWide = of === columns && (this.#stream.columns ?? narrowColumns) >= wideColumns;
    // The same strategy with less to run on is there to compare with; it is no choice of its own.
    const { mark, style } = one.isOneWorker
      ? ({ mark: " ", style: "dim" } as const)
      : markOf(one.strategy.suitability);
    const cells = of.map(({ width, cell }) => pad(cell(one, best), width)).join("");
    const why = isWide ? `   ${one.strategy.reason}` : "";
    const color = one.inconclusive === undefined ? style : "dim";
    return paint(color, `${mark} ${cells}`.trimEnd(), this.#stream) + why;
  }
}

/** What stands above everything: how to see less, and on which machine it is. */
export function renderHeading({ cores, realEngines }: Omit<LabResult, "measurements">): string {
  const real = realEngines.join(" and ");
  return [
    "All eight take about a minute; for one, in seconds: npm run lab -- --exercise A",
    `unblock lab on ${describeCores(cores)}, Node ${process.version}.`,
    ...(real === "" ? [] : [`Real: ${real}. All other backends are embedded.`]),
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

function whereOf({ place, processes, threads }: Measurement["ranOn"]): string {
  if (processes > 1) {
    return `${processes} processes`;
  }
  switch (place) {
    case "event-loop":
      return "event loop";
    case "threads":
      return `${threads} thread${threads === 1 ? "" : "s"}`;
    case "workers":
      return `${threads} worker${threads === 1 ? "" : "s"}`;
    case "processes":
      return "1 process";
    case "libuv":
      return "libuv's pool";
    case "background":
      return "afterwards";
    case "queue":
      return threads === null ? "in Redis" : `${threads} in queue`;
    default:
      return place;
  }
}

function amount(value: number | undefined, unit: string): string {
  return value === undefined ? "-" : `${ms(value)} ${unit}`;
}

function pad(text: string, width: number): string {
  return width < 0 ? text.padEnd(-width) : text.padStart(width);
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = `  ${word}`;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

// styleText itself looks only at real streams, so it is asked for colours only where they belong.
function paint(
  style: "bold" | "dim" | "green" | "yellow" | "red",
  text: string,
  { isTTY }: Terminal,
) {
  return isTTY ? styleText(style, text, { stream: process.stdout }) : text;
}

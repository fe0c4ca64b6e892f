import { styleText } from "node:util";
import { markOf } from "../cli/mark.ts";
import type { LabResult, Measurement } from "./result.ts";
import { sentenceOf } from "./sentence.ts";

/** What is written to: a terminal with its width, or a file or pipe without. */
export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** From this width on the reasons stand beside the figures. */
const wideColumns = 150;

interface Column {
  readonly title: string;
  readonly width: number;
  readonly align: "left" | "right";
  readonly cell: (measurement: Measurement) => string;
}

// Together with the mark they fill 80 columns.
const columns: readonly Column[] = [
  { title: "strategy", width: 11, align: "left", cell: nameOf },
  { title: "wall", width: 6, align: "right", cell: ({ wallMs }) => ms(wallMs.median) },
  { title: "limit", width: 6, align: "right", cell: ({ limitMs }) => ms(limitMs) },
  { title: "ratio", width: 7, align: "right", cell: ({ ratio }) => ratio?.toFixed(2) ?? "-" },
  {
    title: "band",
    width: 5,
    align: "right",
    cell: ({ withinBand }) => (withinBand ? "in" : "OUT"),
  },
  {
    title: "p50/p99",
    width: 11,
    align: "right",
    cell: ({ latencyMs }) => `${ms(latencyMs.p50)}/${ms(latencyMs.p99)}`,
  },
  { title: "loop", width: 6, align: "right", cell: ({ loopDelayMaxMs }) => ms(loopDelayMaxMs) },
  { title: "bystdr", width: 7, align: "right", cell: ({ bystanderP99Ms }) => ms(bystanderP99Ms) },
  { title: "ran on", width: 16, align: "right", cell: ({ ranOn }) => whereOf(ranOn) },
];

/** The result for people, for the width of `stream`, in colour where it takes colour. */
export function renderTable(result: LabResult, stream: Terminal): string {
  const wide = (stream.columns ?? 80) >= wideColumns;
  const { cores, node } = result.machine;
  const real = result.realEngines.join(" and ");
  const lines = [
    `unblock lab on ${cores} core${cores === 1 ? "" : "s"}, Node ${node}. Times in ms, medians.`,
    ...(real === "" ? [] : [`Real: ${real}. All other backends are embedded.`]),
    "",
    ...legend,
    "",
    ...header(stream, wide),
  ];
  for (const group of byExercise(result)) {
    const { exercise, bandMs } = group.measured[0];
    const { letter, title, burst } = exercise;
    const calls = burst.calls === 1 ? "1 call" : `${burst.calls} calls at once`;
    const [from, to] = bandMs.map((edge) => edge.toFixed(0));
    lines.push("", `${paint("bold", `${letter}  ${title}`, stream)}: ${calls}, band ${from}–${to}`);
    for (const measurement of group.measured) {
      lines.push(row(measurement, stream, wide));
    }
    for (const { exercise, strategy, firstError } of group.measured) {
      if (firstError !== undefined) {
        lines.push(`   ! ${exercise.rpc} ${strategy.name}: ${firstError}`);
      }
    }
    lines.push(...wrap(`→ ${sentenceOf(group.measured)}`, 77).map((line) => `   ${line}`));
  }
  return `${lines.join("\n")}\n`;
}

const legend = [
  "★ recommended   ✓ works, at a price   ~ slow for its caller   ✗ freezes everyone",
  "wall   first send to last reply      p50/p99  latencies of the burst's calls",
  "limit  the least it can take here    loop     the event loop's longest delay",
  "band   what is expected              bystdr   a bystander's p99 meanwhile",
];

function header(stream: Terminal, wide: boolean): string[] {
  const titles = columns.map(({ title, width, align }) => pad(title, width, align)).join("");
  return [paint("dim", `  ${titles}${wide ? "   why" : ""}`, stream)];
}

function row(measurement: Measurement, stream: Terminal, wide: boolean): string {
  // The same strategy with less to run on is there to compare with; it is no choice of its own.
  const { mark, style } = isOneWorker(measurement)
    ? ({ mark: " ", style: "dim" } as const)
    : markOf(measurement.strategy.suitability);
  const cells = columns.map(({ width, align, cell }) => pad(cell(measurement), width, align));
  const why = wide ? `   ${measurement.strategy.reason}` : "";
  return paint(style, `${mark} ${cells.join("")}`, stream) + why;
}

type Group = { readonly measured: readonly [Measurement, ...Measurement[]] };

function byExercise({ measurements, oneCpuWorker }: LabResult): Group[] {
  const all = Map.groupBy([...measurements, ...oneCpuWorker], ({ exercise }) => exercise.letter);
  return [...all.values()].flatMap(([first, ...rest]) =>
    first ? [{ measured: [first, ...rest] as const }] : [],
  );
}

function nameOf(measurement: Measurement): string {
  return isOneWorker(measurement) ? "1 worker" : measurement.strategy.name;
}

function isOneWorker({ strategy, cpuWorkers, exercise }: Measurement): boolean {
  return exercise.work.cpu && strategy.name === "workers" && cpuWorkers === 1;
}

function whereOf({ place, processes, threads }: Measurement["ranOn"]): string {
  if (processes > 1) {
    return `${processes} processes`;
  }
  switch (place) {
    case "event-loop":
      return "the event loop";
    case "threads":
      return `${threads} thread${threads === 1 ? "" : "s"}`;
    case "workers":
      return `${threads} worker${threads === 1 ? "" : "s"}`;
    case "libuv":
      return "libuv's pool";
    case "background":
      return "after the reply";
    case "queue":
      return threads === null ? "in Redis" : `${threads} queue worker${threads === 1 ? "" : "s"}`;
    default:
      return place;
  }
}

/** Milliseconds in at most five characters. */
function ms(value: number): string {
  return value < 9.95 ? value.toFixed(1) : value.toFixed(0);
}

function pad(text: string, width: number, align: "left" | "right"): string {
  return align === "left" ? text.padEnd(width) : text.padStart(width);
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

import { workStart } from "@unblock/lab/call-pieces";
import type { Run } from "@unblock/proto/gen/lab";

type Cell = string | number;

/** A race's calls or a load's intervals, one line each. */
export function csvOf({ summary, kind }: Run): string {
  const exercise = summary?.exercise ?? "";
  switch (kind.case) {
    case "race":
      return lines([
        ["exercise", "strategy", "call", "sent_ms", "work_began_ms", "ended_ms"].concat([
          ...["queue_ms", "download_ms", "work_ms", "executor", "pid", "thread", "code", "message"],
        ]),
        ...kind.value.bursts.flatMap(({ strategy, events }) =>
          (events?.calls ?? []).map((call) => {
            const took = (step: string) => call.steps.find(({ name }) => name === step)?.ms ?? "";
            return [
              ...[exercise, strategy, call.index + 1, call.sentMs],
              ...[call.beganMs === undefined ? "" : workStart(call), call.endedMs],
              ...[took("queue"), took("download"), took("work")],
              ...[call.executor, call.pid, call.thread ?? "", call.code, call.message],
            ];
          }),
        ),
      ]);
    case "load":
      return lines([
        ["start_ms", "end_ms", "calls", "errors", "p50_ms", "p99_ms", "client_limited"],
        ...kind.value.intervals.map((one) => [
          ...[one.startMs, one.endMs, one.calls, one.errors, one.p50Ms, one.p99Ms],
          String(one.clientLimited),
        ]),
      ]);
    default:
      return "";
  }
}

function lines(rows: readonly (readonly Cell[])[]): string {
  return rows.map((row) => `${row.map(cellText).join(",")}\r\n`).join("");
}

function cellText(cell: Cell): string {
  if (typeof cell === "number") {
    return String(cell);
  }
  // Spreadsheets would evaluate it as a formula.
  const text = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

import { workStart } from "@unblock/lab/call-pieces";
import type { Exercise } from "@unblock/proto/exercises";
import type { BurstFigures } from "@unblock/proto/gen/lab";
import { markOf } from "@unblock/terminal/mark";
import { ms, percent } from "@unblock/terminal/numbers";
import { DataTable } from "../charts.tsx";
import type { Burst } from "./race-model.ts";

interface FiguresTableProps {
  readonly exercise: Exercise;
  readonly bursts: readonly Burst[];
}

interface Column {
  readonly title: string;
  readonly text: (figures: BurstFigures) => string;
}

const columns: readonly Column[] = [
  { title: "wall time", text: ({ wallMs }) => ms(wallMs) },
  { title: "ideal", text: ({ idealMs }) => ms(idealMs) },
  { title: "ratio", text: ({ ratio }) => ratio?.toFixed(2) ?? "–" },
  { title: "expected", text: expectedText },
  { title: "probe p99", text: ({ probeP99Ms }) => ms(probeP99Ms) },
  { title: "max loop delay", text: ({ loopDelayMaxMs }) => ms(loopDelayMaxMs) },
  { title: "failed", text: ({ errors }) => String(errors) },
];

/** One row of figures per burst. */
export function FiguresTable({ exercise, bursts }: FiguresTableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: arrow keys scroll it where it is too narrow
    <section class="scroll" tabIndex={0} aria-label="Figures of the race">
      <table class="figures">
        <caption>
          ★ recommended, ✓ works at a price, ~ slow for its caller, ✗ freezes everyone. Times in
          milliseconds. Ideal: the least wall time that is possible. Probe: a cheap call every 5 ms.
        </caption>
        <thead>
          <tr>
            <th scope="col">strategy</th>
            {columns.map(({ title }) => (
              <th scope="col" key={title}>
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {bursts.map(({ strategy, figures, calls, expectedCalls }) => (
            <tr key={strategy}>
              <th scope="row">{markedName(exercise, strategy)}</th>
              {figures === undefined ? (
                <td>
                  {calls.length} of {expectedCalls} calls
                </td>
              ) : (
                columns.map(({ title, text }) => <td key={title}>{text(figures)}</td>)
              )}
            </tr>
          ))}
        </tbody>
      </table>
      {bursts.map(
        ({ strategy, figures }) =>
          figures?.inconclusive && (
            <p key={strategy}>
              {strategy}: inconclusive, {figures.inconclusive}.
            </p>
          ),
      )}
    </section>
  );
}

function expectedText({
  inconclusive,
  withinExpected,
  expectedFromMs,
  expectedToMs,
}: BurstFigures): string {
  const verdict = inconclusive !== "" ? "? inconclusive" : withinExpected ? "✓ in" : "✗ out";
  return `${ms(expectedFromMs)}–${ms(expectedToMs)} ${verdict}`;
}

/** A strategy's name with the mark of its suitability. */
export function markedName({ allStrategies }: Exercise, name: string): string {
  const strategy = allStrategies.find((one) => one.name === name);
  return strategy === undefined ? name : `${markOf(strategy.suitability).mark} ${name}`;
}

/** The numbers of a burst's picture. */
export function BurstTables({ burst }: { readonly burst: Burst }) {
  return (
    <div class="tables">
      <DataTable
        caption={`Calls with ${burst.strategy}`}
        columns={["call", "sent ms", "work began ms", "ended ms", "steps", "ran on", "result"]}
        rows={() => burst.calls.toSorted((a, b) => a.index - b.index).map(callRow)}
      />
      <DataTable
        caption={`Event loop with ${burst.strategy}`}
        columns={["at ms", "delay ms", "utilization"]}
        rows={() =>
          burst.loop.map(({ atMs, delayMs, utilization }) => [
            atMs.toFixed(1),
            delayMs.toFixed(1),
            percent(utilization),
          ])
        }
      />
      <DataTable
        caption={`Probe with ${burst.strategy}`}
        columns={["due ms", "latency ms"]}
        rows={() =>
          burst.probe.map(({ intendedMs, latencyMs }) => [
            intendedMs.toFixed(1),
            latencyMs.toFixed(1),
          ])
        }
      />
    </div>
  );
}

function callRow(call: Burst["calls"][number]): (string | number)[] {
  const { index, sentMs, endedMs, steps, executor, pid, thread, code, message } = call;
  const ranOn = [executor, pid && `process ${pid}`, thread && `thread ${thread}`];
  return [
    index + 1,
    sentMs.toFixed(1),
    call.beganMs === undefined ? "–" : workStart(call).toFixed(1),
    endedMs.toFixed(1),
    steps.map((step) => `${step.name} ${step.ms.toFixed(1)}`).join(", "),
    ranOn.filter(Boolean).join(", ") || "–",
    code === "ok" ? "ok" : `${code}: ${message}`,
  ];
}

import { workStart } from "@unblock/lab/call-pieces";
import type { Exercise } from "@unblock/proto/exercises";
import type { BurstFigures } from "@unblock/proto/gen/lab";
import { markOf } from "@unblock/terminal/mark";
import { ms, percent } from "@unblock/terminal/numbers";
import { DataTable, Scroll, TableHead } from "../charts.tsx";
import type { Burst } from "../run-models.ts";

interface FiguresTableProps {
  readonly exercise: Exercise;
  readonly bursts: readonly Burst[];
}

/** A column of figures by its title. */
const columns: Readonly<Record<string, (figures: BurstFigures) => string>> = {
  "wall time": ({ wallMs }) => ms(wallMs),
  ideal: ({ idealMs }) => ms(idealMs),
  ratio: ({ ratio }) => ratio?.toFixed(2) ?? "–",
  expected: expectedText,
  "probe p99": ({ probeP99Ms }) => ms(probeP99Ms),
  "max loop delay": ({ loopDelayMaxMs }) => ms(loopDelayMaxMs),
  failed: ({ errors }) => String(errors),
};

/** One row of figures per burst. */
export function FiguresTable({ exercise, bursts }: FiguresTableProps) {
  return (
    <Scroll label="Figures of the race">
      <table class="figures">
        <caption>
          ★ recommended, ✓ works at a price, ~ slow for its caller, ✗ freezes everyone. Times in
          milliseconds. Ideal: the least wall time that is possible. Probe: a cheap call every 5 ms.
        </caption>
        <TableHead columns={["strategy", ...Object.keys(columns)]} />
        <tbody>
          {bursts.map(({ strategy, figures, calls, expectedCalls }) => (
            <tr key={strategy}>
              <th scope="row">{markedName(exercise, strategy)}</th>
              {figures === undefined ? (
                <td>
                  {calls.length} of {expectedCalls} calls
                </td>
              ) : (
                Object.entries(columns).map(([title, text]) => <td key={title}>{text(figures)}</td>)
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
    </Scroll>
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

import { markOf } from "../../../cli/mark.ts";
import type { BurstFigures } from "../../../gen/unblock/v1/lab_pb.ts";
import type { Exercise } from "../../../registry/exercises.ts";
import { ms } from "../numbers.ts";
import type { Burst } from "./race-model.ts";

interface FiguresTableProps {
  readonly exercise: Exercise;
  readonly bursts: readonly Burst[];
}

/** What the bursts cost, a row each, with what they may cost. */
export function FiguresTable({ exercise, bursts }: FiguresTableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keys scroll it where it is too narrow
    <section class="scroll" tabIndex={0} aria-label="Figures of the race">
      <table class="figures">
        <caption>
          ★ recommended, ✓ works at a price, ~ slow for its caller, ✗ freezes everyone. Times in
          milliseconds.
        </caption>
        <thead>
          <tr>
            <th scope="col">strategy</th>
            <th scope="col">wall time</th>
            <th scope="col">limit</th>
            <th scope="col">ratio</th>
            <th scope="col">band</th>
            <th scope="col">bystander p99</th>
            <th scope="col">longest loop delay</th>
            <th scope="col">failed</th>
          </tr>
        </thead>
        <tbody>
          {bursts.map((burst) => (
            <tr key={burst.strategy}>
              <th scope="row">{markedName(exercise, burst.strategy)}</th>
              {cells(burst).map(({ name, text }) => (
                <td key={name}>{text}</td>
              ))}
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

/** With the mark of how suitable it is. */
export function markedName({ allStrategies }: Exercise, name: string): string {
  const strategy = allStrategies.find((one) => one.name === name);
  return strategy === undefined ? name : `${markOf(strategy.suitability).mark} ${name}`;
}

function cells({ figures, calls, expectedCalls }: Burst): { name: string; text: string }[] {
  if (figures === undefined) {
    return [{ name: "wall", text: `${calls.length} of ${expectedCalls} calls` }];
  }
  const band = `${ms(figures.bandFromMs)}–${ms(figures.bandToMs)}`;
  return [
    { name: "wall", text: ms(figures.wallMs) },
    { name: "limit", text: ms(figures.limitMs) },
    { name: "ratio", text: figures.ratio === undefined ? "–" : figures.ratio.toFixed(2) },
    { name: "band", text: `${band} ${verdictOf(figures)}` },
    { name: "bystander", text: ms(figures.bystanderP99Ms) },
    { name: "loop", text: ms(figures.loopDelayMaxMs) },
    { name: "failed", text: String(figures.errors) },
  ];
}

function verdictOf({ inconclusive, withinBand }: BurstFigures): string {
  if (inconclusive !== "") {
    return "? inconclusive";
  }
  return withinBand ? "✓ in" : "✗ out";
}

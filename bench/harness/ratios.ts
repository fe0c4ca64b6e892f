import { intervalOf } from "@unblock/measure/statistics";
import { atLeast, atMost, type Finding, factor, measuredRow, type Row, spreadOf } from "./bench.ts";

/** A figure of one program, run by run. */
export interface Peer {
  readonly name: string;
  readonly values: readonly number[];
}

/** Two programs whose figures of the same run are compared. */
export interface Match {
  readonly ours: Peer;
  readonly theirs: Peer;
  /** Bound of the ratio's median; none without a target. */
  readonly min?: number | undefined;
  readonly max?: number | undefined;
}

interface Comparison {
  /** What the figures are. */
  readonly title: string;
  /** Formats a figure. */
  readonly show: (value: number) => string;
  readonly matches: readonly Match[];
  /** Further figures for scripts. */
  readonly figures?: Readonly<Record<string, unknown>>;
}

/** Reports ratios of figures, with the figures' medians. */
export function compare({ title, show, matches, figures }: Comparison): Finding {
  const peers = matches.flatMap(({ ours, theirs }) => [ours, theirs]);
  return {
    title,
    figures: {
      title,
      ...figures,
      peers: Object.fromEntries(peers.map(({ name, values }) => [name, spreadOf(values)])),
      ratios: Object.fromEntries(
        matches.map(({ ours, theirs, min, max }) => {
          const ratios = ratiosOf(ours.values, theirs.values);
          const figures = { ...spreadOf(ratios), interval: intervalOf(ratios) };
          return [`${ours.name} / ${theirs.name}`, { ...figures, wanted: { min, max } }];
        }),
      ),
    },
    rows: matches.map((match) => rowOf(match, show)),
  };
}

export function ratiosOf(ours: readonly number[], theirs: readonly number[]): number[] {
  return ours.map((value, run) => value / (theirs[run] ?? Number.NaN));
}

function rowOf({ ours, theirs, min, max }: Match, show: Comparison["show"]): Row {
  const [first, second] = [ours, theirs].map(
    ({ name, values }) => `${name} ${show(spreadOf(values).median)}`,
  );
  const what = `${first} / ${second}`;
  const ratios = ratiosOf(ours.values, theirs.values);
  if (min !== undefined) {
    return atLeast(what, ratios, min, factor);
  }
  return max === undefined ? measuredRow(what, ratios, factor) : atMost(what, ratios, max, factor);
}

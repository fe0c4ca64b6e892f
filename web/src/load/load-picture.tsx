import { useMemo } from "preact/hooks";
import type { LoadFigures } from "../../../gen/unblock/v1/lab_pb.ts";
import { count, ms } from "../numbers.ts";
import { LoadCharts } from "./load-charts.tsx";
import type { Load } from "./load-model.ts";
import { PercentileChart } from "./percentile-chart.tsx";

interface LoadPictureProps {
  readonly load: Load;
  /** Changes whenever the load has: it changes in place. */
  readonly version: number;
}

/** A load while it runs, and when it has ended. */
export function LoadPicture({ load, version }: LoadPictureProps) {
  const { figures, intervals, sentence } = load;
  const curves = useMemo(
    () => (figures === undefined ? [] : [{ name: nameOf(load), percentiles: figures.percentiles }]),
    [load, figures],
  );
  return (
    <div class="load">
      {sentence !== "" && <p class="sentence">{sentence}</p>}
      {figures !== undefined && <Figures figures={figures} />}
      <LoadCharts intervals={intervals} version={version} />
      {curves.length > 0 && <PercentileChart curves={curves} />}
    </div>
  );
}

export function nameOf({ exercise, strategy, ratePerSecond }: Load): string {
  return `${exercise} ${strategy === "" ? "recommended" : strategy}, ${ratePerSecond}/s`;
}

function Figures({ figures }: { readonly figures: LoadFigures }) {
  const { calls, errors, callsPerSecond, percentiles, statuses, doubts } = figures;
  const shown = [50, 90, 99].map((wanted) => ({
    name: `p${wanted}`,
    found: percentiles.find(({ percentile }) => percentile === wanted),
  }));
  return (
    <>
      {doubts.length > 0 && (
        <p class="trouble" role="alert">
          <strong>Not trustworthy.</strong> {doubts.join("; ")}
        </p>
      )}
      <dl class="numbers">
        <Figure name="calls" text={calls.toLocaleString("en-US")} />
        <Figure name="a second" text={callsPerSecond.toFixed(0)} />
        <Figure name="failed" text={errors.toLocaleString("en-US")} />
        {shown.map(
          ({ name, found }) =>
            found !== undefined && (
              <Figure key={name} name={name} text={`${ms(found.latencyMs)} ms`} />
            ),
        )}
      </dl>
      <ul class="statuses">
        {statuses.map((status) => (
          <li key={status.code}>
            {status.code === "ok" ? "✓" : "✗"} {status.code}: {count(status.calls)}
          </li>
        ))}
      </ul>
    </>
  );
}

function Figure({ name, text }: { readonly name: string; readonly text: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{text}</dd>
    </div>
  );
}

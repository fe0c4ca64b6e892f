import { useMemo } from "preact/hooks";
import type { Run } from "../../../gen/unblock/v1/lab_pb.ts";
import { answerWithin, labClient } from "../connection/clients.ts";
import { useAnswer } from "../connection/use-answer.ts";
import { TroubleNote } from "../parts/trouble-note.tsx";
import { loadOfRun } from "./load-model.ts";
import { nameOf } from "./load-picture.tsx";
import { type Curve, PercentileChart } from "./percentile-chart.tsx";

interface CompareLoadsProps {
  readonly run: Run;
  readonly otherId: string | undefined;
}

/** A load beside another one, on one percentile curve. Which one is in the page's address. */
export function CompareLoads({ run, otherId }: CompareLoadsProps) {
  const id = run.summary?.id ?? "";
  const list = useAnswer(
    (signal) => labClient.listRuns({}, { ...answerWithin, signal }),
    "listed its runs",
    id,
  );
  const others = list.value?.runs.filter((one) => one.isLoad && one.id !== id) ?? [];
  return (
    <section>
      <h2>Compare</h2>
      <TroubleNote trouble={list.trouble} onToken={list.askAgain} />
      <label>
        With another load
        <select
          value={otherId ?? ""}
          onChange={(event) => {
            const chosen = event.currentTarget.value;
            location.hash = chosen === "" ? `#/runs/${id}` : `#/runs/${id}/${chosen}`;
          }}
        >
          <option value="">none</option>
          {others.map((one) => (
            <option key={one.id} value={one.id}>
              {one.exercise} {one.strategies.join(", ")}, {new Date(one.beganAt).toLocaleString()}
            </option>
          ))}
        </select>
      </label>
      {otherId !== undefined && <Comparison run={run} otherId={otherId} />}
    </section>
  );
}

function Comparison({ run, otherId }: { readonly run: Run; readonly otherId: string }) {
  const { value, trouble, askAgain } = useAnswer(
    (signal) => labClient.getRun({ id: otherId }, { ...answerWithin, signal }),
    "looked for the other run",
    otherId,
  );
  const curves = useMemo(
    () => [curveOf(run), curveOf(value?.run)].filter((one) => one !== undefined),
    [run, value],
  );
  return (
    <>
      <TroubleNote trouble={trouble} onToken={askAgain} />
      {curves.length === 2 && <PercentileChart curves={curves} />}
    </>
  );
}

function curveOf(run: Run | undefined): Curve | undefined {
  const load = run === undefined ? undefined : loadOfRun(run);
  if (run === undefined || load?.figures === undefined) {
    return undefined;
  }
  const when = new Date(run.summary?.beganAt ?? "").toLocaleTimeString();
  return { name: `${nameOf(load)}, ${when}`, percentiles: load.figures.percentiles };
}

import type { Run } from "@unblock/proto/gen/lab";
import { useMemo } from "preact/hooks";
import { labClient, useFetched } from "../connection.ts";
import { type Curve, curvesOf, LoadPicture, PercentileChart } from "../load/load-picture.tsx";
import { TroubleNote } from "../notes.tsx";
import { ReplayButton } from "../race/bars.tsx";
import { RacePicture } from "../race/race-picture.tsx";
import { loadOfRun, raceOfRun } from "../run-models.ts";
import { SavedRun } from "./saved-run.tsx";

/** The runs that the server keeps. */
export function RunsView() {
  const { value, trouble, fetchAgain } = useRuns();
  return (
    <>
      <h1 tabIndex={-1}>Runs</h1>
      <p class="quiet">The races and loads that this server keeps, newest first.</p>
      <TroubleNote trouble={trouble} onToken={fetchAgain} />
      {value?.runs.length === 0 && (
        <p>
          There are none yet. Run a <a href="#/race">race</a> or a <a href="#/load">load</a>.
        </p>
      )}
      <ul class="runs">
        {value?.runs.map(({ id, beganAt, exercise, strategies, summary, isLoad }) => (
          <li key={id}>
            <a href={`#/runs/${id}`}>
              {isLoad ? "Load" : "Race"} {exercise}: {strategies.join(", ")}
            </a>{" "}
            <time dateTime={beganAt}>{new Date(beganAt).toLocaleString()}</time>
            <p class="quiet">{summary}</p>
          </li>
        ))}
      </ul>
    </>
  );
}

function useRuns() {
  return useFetched((options) => labClient.listRuns({}, options), "listed its runs");
}

function useRun(id: string) {
  return useFetched((options) => labClient.getRun({ id }, options), "looked up the run", id);
}

interface RunViewProps {
  readonly id: string;
  /** Id of the load to compare this run with. */
  readonly otherId: string | undefined;
}

/** A saved run. */
export function RunView({ id, otherId }: RunViewProps) {
  const { value, trouble, fetchAgain } = useRun(id);
  const run = value?.run;
  return (
    <>
      <h1 tabIndex={-1}>{run?.kind.case === "load" ? "A load" : "A run"}</h1>
      <TroubleNote trouble={trouble} onToken={fetchAgain} />
      {run !== undefined && (
        <>
          <p class="quiet">{describe(run)}</p>
          <SavedRun id={id} />
          <Picture run={run} />
          {run.kind.case === "load" && <CompareLoads run={run} otherId={otherId} />}
        </>
      )}
    </>
  );
}

function describe({ summary, machine }: Run): string {
  const when = summary === undefined ? "" : new Date(summary.beganAt).toLocaleString();
  return `Exercise ${summary?.exercise}, ${when}, on ${machine?.cores} cores with Node ${machine?.node}.`;
}

function Picture({ run }: { readonly run: Run }) {
  const race = useMemo(() => raceOfRun(run), [run]);
  const load = useMemo(() => loadOfRun(run), [run]);
  return (
    <>
      {race !== undefined && <ReplayButton race={race} />}
      {race !== undefined && <RacePicture race={race} />}
      {load !== undefined && <LoadPicture load={load} />}
    </>
  );
}

/** Compares a load with another one, whose id is part of the page's address. */
function CompareLoads({ run, otherId }: Pick<RunViewProps, "otherId"> & { readonly run: Run }) {
  const id = run.summary?.id ?? "";
  const { value, trouble, fetchAgain } = useRuns();
  const others = value?.runs.filter((one) => one.isLoad && one.id !== id) ?? [];
  return (
    <section>
      <h2>Compare</h2>
      <TroubleNote trouble={trouble} onToken={fetchAgain} />
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
  const { value, trouble, fetchAgain } = useRun(otherId);
  const curves = useMemo(() => [run, value?.run].flatMap(timedCurvesOf), [run, value]);
  return (
    <>
      <TroubleNote trouble={trouble} onToken={fetchAgain} />
      {curves.length === 2 && <PercentileChart curves={curves} />}
    </>
  );
}

/** The curve of a load, with the time at which it ran. */
function timedCurvesOf(run: Run | undefined): Curve[] {
  const load = run && loadOfRun(run);
  const when = new Date(run?.summary?.beganAt ?? "").toLocaleTimeString();
  return load === undefined
    ? []
    : curvesOf(load).map((curve) => ({ ...curve, name: `${curve.name}, ${when}` }));
}

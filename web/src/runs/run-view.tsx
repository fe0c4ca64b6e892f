import { useMemo } from "preact/hooks";
import type { Run } from "../../../gen/unblock/v1/lab_pb.ts";
import { answerWithin, labClient } from "../connection/clients.ts";
import { useAnswer } from "../connection/use-answer.ts";
import { CompareLoads } from "../load/compare-loads.tsx";
import { loadOfRun } from "../load/load-model.ts";
import { LoadPicture } from "../load/load-picture.tsx";
import { TroubleNote } from "../parts/trouble-note.tsx";
import { raceOfRun } from "../race/race-model.ts";
import { RacePicture } from "../race/race-picture.tsx";
import { ReplayButton } from "../race/replay-button.tsx";
import { KeptRun } from "./kept-run.tsx";

interface RunViewProps {
  readonly id: string;
  /** The load to compare it with. */
  readonly otherId: string | undefined;
}

/** A kept run as its address restores it. */
export function RunView({ id, otherId }: RunViewProps) {
  const { value, trouble, askAgain } = useAnswer(
    (signal) => labClient.getRun({ id }, { ...answerWithin, signal }),
    "looked for the run",
    id,
  );
  const run = value?.run;
  return (
    <>
      <h1 tabIndex={-1}>{run?.kind.case === "load" ? "A load" : "A run"}</h1>
      <TroubleNote trouble={trouble} onToken={askAgain} />
      {run !== undefined && (
        <>
          <p class="quiet">{describe(run)}</p>
          <KeptRun id={id} />
          <Picture run={run} />
          {run.kind.case === "load" && <CompareLoads run={run} otherId={otherId} />}
        </>
      )}
    </>
  );
}

function Picture({ run }: { readonly run: Run }) {
  const race = useMemo(() => raceOfRun(run), [run]);
  const load = useMemo(() => loadOfRun(run), [run]);
  if (race !== undefined) {
    return (
      <>
        <ReplayButton race={race} />
        <RacePicture race={race} version={0} />
      </>
    );
  }
  return load === undefined ? null : <LoadPicture load={load} version={0} />;
}

function describe({ summary, machine }: Run): string {
  const when = summary === undefined ? "" : new Date(summary.beganAt).toLocaleString();
  return `Exercise ${summary?.exercise}, ${when}, on ${machine?.cores} cores with Node ${machine?.node}.`;
}

import { SilenceNote } from "../parts/silence-note.tsx";
import { TroubleNote } from "../parts/trouble-note.tsx";
import { KeptRun } from "../runs/kept-run.tsx";
import { LoadForm } from "./load-form.tsx";
import type { LoadWish } from "./load-model.ts";
import { LoadPicture } from "./load-picture.tsx";
import { loadSession } from "./load-session.ts";

let lastWish: LoadWish | undefined;

/** Calls at a constant rate, answered or not, for some seconds. */
export function LoadView() {
  const load = loadSession.load.value;
  const version = loadSession.version.value;
  const running = loadSession.running.value;
  const run = (wish: LoadWish) => {
    lastWish = wish;
    void loadSession.start(wish);
  };
  return (
    <>
      <h1 tabIndex={-1}>Load</h1>
      <p class="quiet">
        Calls are sent when they are due, whether or not the ones before are answered. Latencies
        count from that moment.
      </p>
      <LoadForm running={running} onRun={run} />
      <p class="quiet" role="status">
        {load !== undefined && (running ? "Running." : "Ended.")}
      </p>
      {running && <SilenceNote news={version} />}
      <TroubleNote
        trouble={loadSession.trouble.value}
        onToken={() => lastWish !== undefined && run(lastWish)}
      />
      {load !== undefined && (
        <>
          {load.keptId !== undefined && (
            <>
              <p>
                <a href={`#/runs/${load.keptId}`}>Open the report</a>
              </p>
              <KeptRun id={load.keptId} />
            </>
          )}
          <LoadPicture load={load} version={version} />
        </>
      )}
    </>
  );
}

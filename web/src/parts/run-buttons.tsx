import { away } from "../connection/presence.ts";
import { runInProgress, stopRun } from "../connection/run-in-progress.ts";

interface RunButtonsProps {
  readonly text: string;
  /** Whether the run in progress is the one that this button starts. */
  readonly running: boolean;
  /** Why it can't be started; undefined when it can. */
  readonly problem?: string | undefined;
}

/** The button that starts what its form says, and the one that ends it. */
export function RunButtons({ text, running, problem }: RunButtonsProps) {
  const reason = problem ?? reasonToWait(running);
  return (
    <div class="row buttons">
      <button type="submit" class="main" disabled={running || reason !== undefined}>
        {text}
      </button>
      {running && (
        <button type="button" onClick={stopRun}>
          Stop
        </button>
      )}
      {reason !== undefined && <span class="quiet">{reason}</span>}
    </div>
  );
}

function reasonToWait(running: boolean): string | undefined {
  if (away.value) {
    return "The server is away.";
  }
  if (runInProgress.value !== undefined && !running) {
    return "Another run of this page is in progress.";
  }
  return undefined;
}

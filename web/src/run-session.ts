import { type ReadonlySignal, signal } from "@preact/signals";
import { noticeTrouble } from "./connection.ts";
import type { Trouble } from "./trouble.ts";

/**
 * The race or load that this page has started. Only one runs at a time, since a second one would disturb
 * the measurement. With the server's vitals that makes two streams; browsers open six connections per host.
 */
export const runInProgress = signal<AbortController | undefined>(undefined);

export function stopRun(): void {
  runInProgress.value?.abort();
}

/** The last run of a view. It continues while another view is shown. */
export interface RunSession<Run, Choice> {
  readonly run: ReadonlySignal<Run | undefined>;
  /** Increments with every change of the run, which changes in place. */
  readonly version: ReadonlySignal<number>;
  readonly trouble: ReadonlySignal<Trouble | undefined>;
  readonly running: ReadonlySignal<boolean>;
  /** Starts a run. Does nothing while another run of this page is in progress. */
  start(choice: Choice): void;
  /** Starts the last run again. */
  repeat(): void;
}

export interface RunKind<Run, Choice, Event> {
  /** See `troubleOf`. */
  readonly doing: string;
  readonly create: (choice: Choice) => Run;
  readonly stream: (choice: Choice, signal: AbortSignal) => AsyncIterable<Event>;
  readonly apply: (run: Run, event: Event) => void;
}

export function createRunSession<Run, Choice, Event>({
  doing,
  create,
  stream,
  apply,
}: RunKind<Run, Choice, Event>): RunSession<Run, Choice> {
  const run = signal<Run | undefined>(undefined);
  const version = signal(0);
  const trouble = signal<Trouble | undefined>(undefined);
  const running = signal(false);
  let lastChoice: Choice | undefined;
  let isFrameRequested = false;

  // Events may arrive faster than the screen shows them.
  const drawNextFrame = () => {
    if (!isFrameRequested) {
      isFrameRequested = true;
      requestAnimationFrame(() => {
        isFrameRequested = false;
        version.value++;
      });
    }
  };
  const start = async (choice: Choice) => {
    if (runInProgress.value !== undefined) {
      return;
    }
    const controller = new AbortController();
    runInProgress.value = controller;
    const started = create(choice);
    lastChoice = choice;
    trouble.value = undefined;
    running.value = true;
    run.value = started;
    try {
      for await (const event of stream(choice, controller.signal)) {
        apply(started, event);
        drawNextFrame();
      }
    } catch (error) {
      trouble.value = noticeTrouble(error, doing);
    } finally {
      running.value = false;
      runInProgress.value = undefined;
      version.value++;
    }
  };
  return {
    run,
    version,
    trouble,
    running,
    start: (choice) => void start(choice),
    repeat: () => lastChoice !== undefined && void start(lastChoice),
  };
}

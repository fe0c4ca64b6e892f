import { type ReadonlySignal, signal } from "@preact/signals";
import { noticeTrouble } from "./connection.ts";
import type { Trouble } from "./trouble.ts";

/**
 * The race or load that this page has started. Only one runs at a time, since a second one would disturb
 * the measurement. With the server's vitals that makes two streams; browsers open six connections per host.
 */
export const runInProgress = signal<AbortController | undefined>(undefined);

/** The last run of a view. It continues while another view is shown. */
export interface RunSession<Run, Choice> {
  readonly run: ReadonlySignal<Run | undefined>;
  readonly trouble: ReadonlySignal<Trouble | undefined>;
  readonly running: ReadonlySignal<boolean>;
  /** Starts a run. Does nothing while another run of this page is in progress. */
  start(choice: Choice): void;
  /** Starts the last run again. */
  repeat(): void;
}

interface RunKind<Run, Choice, Event> {
  /** See `troubleOf`. */
  readonly doing: string;
  readonly create: (choice: Choice) => Run;
  readonly stream: (choice: Choice, signal: AbortSignal) => AsyncIterable<Event>;
  /** Returns the run after an event. */
  readonly apply: (run: Run, event: Event) => Run;
}

export function createRunSession<Run, Choice, Event>({
  doing,
  create,
  stream,
  apply,
}: RunKind<Run, Choice, Event>): RunSession<Run, Choice> {
  const shown = signal<Run | undefined>(undefined);
  const trouble = signal<Trouble | undefined>(undefined);
  const running = signal(false);
  let lastChoice: Choice | undefined;

  const start = async (choice: Choice) => {
    if (runInProgress.value !== undefined) {
      return;
    }
    const controller = new AbortController();
    runInProgress.value = controller;
    let run = create(choice);
    lastChoice = choice;
    trouble.value = undefined;
    running.value = true;
    shown.value = run;
    let frame = 0;
    try {
      for await (const event of stream(choice, controller.signal)) {
        run = apply(run, event);
        // Events may arrive faster than the screen shows them.
        frame ||= requestAnimationFrame(() => {
          frame = 0;
          shown.value = run;
        });
      }
    } catch (error) {
      trouble.value = noticeTrouble(error, doing);
    } finally {
      cancelAnimationFrame(frame);
      shown.value = run;
      running.value = false;
      runInProgress.value = undefined;
    }
  };
  return {
    run: shown,
    trouble,
    running,
    start: (choice) => void start(choice),
    repeat: () => lastChoice !== undefined && void start(lastChoice),
  };
}

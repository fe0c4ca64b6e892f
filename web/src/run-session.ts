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
export interface RunSession<Run, Order> {
  readonly run: ReadonlySignal<Run | undefined>;
  /** Increments with every change of the run, which changes in place. */
  readonly version: ReadonlySignal<number>;
  readonly trouble: ReadonlySignal<Trouble | undefined>;
  readonly running: ReadonlySignal<boolean>;
  /** Starts a run. Does nothing while another run of this page is in progress. */
  start(order: Order): void;
  /** Starts the last run again. */
  repeat(): void;
}

export interface RunKind<Run, Order, Event> {
  /** See `troubleOf`. */
  readonly doing: string;
  readonly create: (order: Order) => Run;
  readonly stream: (order: Order, signal: AbortSignal) => AsyncIterable<Event>;
  readonly apply: (run: Run, event: Event) => void;
}

export function createRunSession<Run, Order, Event>({
  doing,
  create,
  stream,
  apply,
}: RunKind<Run, Order, Event>): RunSession<Run, Order> {
  const run = signal<Run | undefined>(undefined);
  const version = signal(0);
  const trouble = signal<Trouble | undefined>(undefined);
  const running = signal(false);
  let lastOrder: Order | undefined;
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
  const start = async (order: Order) => {
    if (runInProgress.value !== undefined) {
      return;
    }
    const controller = new AbortController();
    runInProgress.value = controller;
    const started = create(order);
    lastOrder = order;
    trouble.value = undefined;
    running.value = true;
    run.value = started;
    try {
      for await (const event of stream(order, controller.signal)) {
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
    start: (order) => void start(order),
    repeat: () => lastOrder !== undefined && void start(lastOrder),
  };
}

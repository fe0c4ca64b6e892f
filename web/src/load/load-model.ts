import type { LoadFigures, LoadInterval, LoadResponse, Run } from "@unblock/proto/gen/lab";

/** Bound for a stream that sends more than its one interval per second. */
const maxIntervals = 600;

/** A load as far as it is known. Its events change it in place. */
export interface Load {
  readonly exercise: string;
  /** "" for the recommended one. */
  readonly strategy: string;
  readonly ratePerSecond: number;
  readonly intervals: LoadInterval[];
  /** Undefined until the load has ended. */
  figures: LoadFigures | undefined;
  summary: string;
  savedId: string | undefined;
}

export interface LoadChoice {
  readonly exercise: string;
  readonly strategy: string;
  readonly ratePerSecond: number;
  readonly durationS: number;
}

export function newLoad({ exercise, strategy, ratePerSecond }: LoadChoice): Load {
  const unknown = { figures: undefined, summary: "", savedId: undefined };
  return { exercise, strategy, ratePerSecond, intervals: [], ...unknown };
}

/** Applies an event of the stream to the load. */
export function applyLoadEvent(load: Load, { event }: LoadResponse): void {
  switch (event.case) {
    case "interval":
      load.intervals.push(event.value);
      if (load.intervals.length > maxIntervals) {
        load.intervals.shift();
      }
      break;
    case "ended":
      load.figures = event.value;
      break;
    case "saved":
      // Empty when the server could not save the run.
      load.savedId = event.value.id || undefined;
      load.summary = event.value.summary;
      break;
  }
}

/** Returns the load of a saved run, or undefined when the run is a race. */
export function loadOfRun({ summary, kind }: Run): Load | undefined {
  if (kind.case !== "load") {
    return undefined;
  }
  const { request, intervals, figures } = kind.value;
  return {
    exercise: summary?.exercise ?? "",
    strategy: request?.strategy ?? "",
    ratePerSecond: request?.ratePerSecond ?? 0,
    intervals,
    figures,
    summary: summary?.summary ?? "",
    savedId: summary?.id,
  };
}

import type {
  LoadFigures,
  LoadInterval,
  LoadResponse,
  Run,
} from "../../../gen/unblock/v1/lab_pb.ts";

/** A load has one a second, and a minute at most; this is for a stream that does not keep to it. */
const mostIntervals = 600;

/** A load as far as it is known. It changes while its events come. */
export interface Load {
  readonly exercise: string;
  /** "" for the recommended one. */
  readonly strategy: string;
  readonly ratePerSecond: number;
  readonly intervals: LoadInterval[];
  /** Undefined until it has ended. */
  figures: LoadFigures | undefined;
  sentence: string;
  keptId: string | undefined;
}

export interface LoadWish {
  readonly exercise: string;
  readonly strategy: string;
  readonly ratePerSecond: number;
  readonly durationS: number;
}

export function newLoad({ exercise, strategy, ratePerSecond }: LoadWish): Load {
  const unknown = { figures: undefined, sentence: "", keptId: undefined };
  return { exercise, strategy, ratePerSecond, intervals: [], ...unknown };
}

/** Puts an event of the stream into the load. */
export function applyLoadEvent(load: Load, { event }: LoadResponse): void {
  switch (event.case) {
    case "interval":
      load.intervals.push(event.value);
      if (load.intervals.length > mostIntervals) {
        load.intervals.shift();
      }
      break;
    case "ended":
      load.figures = event.value;
      break;
    case "kept":
      // Empty when the server could not keep it.
      load.keptId = event.value.id || undefined;
      load.sentence = event.value.sentence;
      break;
  }
}

/** @returns undefined when the run is no load */
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
    sentence: summary?.sentence ?? "",
    keptId: summary?.id,
  };
}

import type {
  BurstFigures,
  BurstProgress,
  LoadRequest,
  LoadResponse,
  LoadRun,
  RaceRequest,
  RaceResponse,
  Run,
  RunSaved,
} from "@unblock/proto/gen/lab";

/** Bound of the samples of a burst: more would not be visible on a screen. */
const maxSamples = 20_000;

/** What to race; 0 calls stand for the exercise's own burst. */
export type RaceChoice = Pick<RaceRequest, "exercise" | "strategies" | "calls">;

/** What to put under load; the strategy "" is the recommended one. */
export type LoadChoice = Pick<LoadRequest, "exercise" | "strategy" | "ratePerSecond" | "durationS">;

interface Outcome {
  /** "" until the run has ended. */
  readonly summary: string;
  /** Id among the saved runs; undefined until the run is saved. */
  readonly savedId: string | undefined;
}

/** A race as far as it is known. An event that changes a burst replaces it and no other. */
export interface Race extends Outcome {
  /** The exercise's letter. */
  readonly exercise: string;
  readonly bursts: readonly Burst[];
}

export interface Burst extends Readonly<Pick<BurstProgress, "calls" | "loop" | "probe">> {
  readonly strategy: string;
  readonly expectedCalls: number;
  /** Undefined until the burst has ended. */
  readonly figures: BurstFigures | undefined;
}

/** A load as far as it is known; without figures until it has ended. */
export interface Load
  extends Outcome,
    Readonly<LoadChoice>,
    Readonly<Pick<LoadRun, "intervals" | "figures">> {}

export function newRace(exercise: string): Race {
  return { exercise, bursts: [], ...outcomeOf(undefined) };
}

export function newLoad(choice: LoadChoice): Load {
  return { ...choice, intervals: [], ...outcomeOf(undefined) };
}

/** Returns the race after an event of its stream. */
export function applyRaceEvent(race: Race, { event }: RaceResponse): Race {
  const changeBurst = (change: (burst: Burst) => Burst): Race => {
    const last = race.bursts.at(-1);
    return last === undefined ? race : { ...race, bursts: race.bursts.with(-1, change(last)) };
  };
  switch (event.case) {
    case "burstBegan": {
      const { strategy, calls } = event.value;
      return { ...race, bursts: [...race.bursts, newBurst(strategy, calls)] };
    }
    case "burstProgress":
      return changeBurst((burst) => withProgress(burst, event.value));
    case "burstEnded":
      return changeBurst((burst) => ({ ...burst, figures: event.value.figures }));
    case "saved":
      return { ...race, ...outcomeOf(event.value) };
    default:
      return race;
  }
}

/** Returns the load after an event of its stream. */
export function applyLoadEvent(load: Load, { event }: LoadResponse): Load {
  switch (event.case) {
    case "interval":
      return { ...load, intervals: [...load.intervals, event.value] };
    case "ended":
      return { ...load, figures: event.value };
    case "saved":
      return { ...load, ...outcomeOf(event.value) };
    default:
      return load;
  }
}

/** Returns the race of a saved run, or undefined when the run is a load. */
export function raceOfRun({ summary, kind }: Run): Race | undefined {
  if (kind.case !== "race") {
    return undefined;
  }
  const bursts = kind.value.bursts.map(({ strategy, events, figures }): Burst => {
    const burst = newBurst(strategy, events?.calls.length ?? 0);
    return { ...(events === undefined ? burst : withProgress(burst, events)), figures };
  });
  return { exercise: summary?.exercise ?? "", bursts, ...outcomeOf(summary) };
}

/** Returns the load of a saved run, or undefined when the run is a race. */
export function loadOfRun({ summary, kind }: Run): Load | undefined {
  if (kind.case !== "load" || kind.value.request === undefined) {
    return undefined;
  }
  const { request, intervals, figures } = kind.value;
  return { ...request, intervals, figures, ...outcomeOf(summary) };
}

/** End of the last call. */
export function lastMomentMs({ bursts }: Race): number {
  return bursts.reduce(
    (last, { calls }) => calls.reduce((end, { endedMs }) => Math.max(end, endedMs), last),
    0,
  );
}

function newBurst(strategy: string, expectedCalls: number): Burst {
  return { strategy, expectedCalls, calls: [], loop: [], probe: [], figures: undefined };
}

function withProgress(burst: Burst, { calls, loop, probe }: BurstProgress): Burst {
  return {
    ...burst,
    calls: [...burst.calls, ...calls].slice(0, burst.expectedCalls),
    loop: [...burst.loop, ...loop].slice(0, maxSamples),
    probe: [...burst.probe, ...probe].slice(0, maxSamples),
  };
}

/** The id is empty when the server could not save the run. */
function outcomeOf(saved: Pick<RunSaved, "id" | "summary"> | undefined): Outcome {
  return { summary: saved?.summary ?? "", savedId: saved?.id || undefined };
}

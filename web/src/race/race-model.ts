import type {
  BurstFigures,
  Call,
  LoopSample,
  ProbeCall,
  RaceResponse,
  Run,
} from "@unblock/proto/gen/lab";

/** Bound of the samples of a burst: more would not be visible on a screen. */
const maxSamples = 20_000;

/** What to race. */
export interface RaceChoice {
  readonly exercise: string;
  readonly strategies: readonly string[];
  /** Calls per burst; 0 for the exercise's own burst. */
  readonly calls: number;
}

export interface Burst {
  readonly strategy: string;
  readonly expectedCalls: number;
  readonly calls: Call[];
  readonly loop: LoopSample[];
  readonly probe: ProbeCall[];
  /** Undefined until the burst has ended. */
  figures: BurstFigures | undefined;
  /** Increments with every change, so that unchanged bursts are not drawn again. */
  version: number;
}

/** A race as far as it is known. Its events change it in place. */
export interface Race {
  /** The exercise's letter. */
  readonly exercise: string;
  readonly bursts: Burst[];
  /** The summary; "" until the race has ended. */
  summary: string;
  /** Its id among the saved runs; undefined until it is saved. */
  savedId: string | undefined;
}

export function newRace(exercise: string): Race {
  return { exercise, bursts: [], summary: "", savedId: undefined };
}

/** Applies an event of the stream to the race. */
export function applyEvent(race: Race, { event }: RaceResponse): void {
  const burst = race.bursts.at(-1);
  if (burst !== undefined) {
    burst.version++;
  }
  switch (event.case) {
    case "burstBegan":
      race.bursts.push(newBurst(event.value.strategy, event.value.calls));
      break;
    case "burstProgress":
      if (burst !== undefined) {
        append(burst.calls, event.value.calls, burst.expectedCalls);
        append(burst.loop, event.value.loop, maxSamples);
        append(burst.probe, event.value.probe, maxSamples);
      }
      break;
    case "burstEnded":
      if (burst !== undefined) {
        burst.figures = event.value.figures;
      }
      break;
    case "saved":
      // Empty when the server could not save the run.
      race.savedId = event.value.id || undefined;
      race.summary = event.value.summary;
      break;
  }
}

/** Returns the race of a saved run, or undefined when the run is a load. */
export function raceOfRun({ summary, kind }: Run): Race | undefined {
  if (kind.case !== "race") {
    return undefined;
  }
  const bursts = kind.value.bursts.map(({ strategy, events, figures }): Burst => {
    const calls = events?.calls ?? [];
    const burst = newBurst(strategy, calls.length);
    burst.calls.push(...calls);
    append(burst.loop, events?.loop ?? [], maxSamples);
    append(burst.probe, events?.probe ?? [], maxSamples);
    burst.figures = figures;
    return burst;
  });
  return {
    exercise: summary?.exercise ?? "",
    bursts,
    summary: summary?.summary ?? "",
    savedId: summary?.id,
  };
}

/** End of the last call. */
export function lastMomentMs({ bursts }: Race): number {
  return bursts.reduce(
    (last, { calls }) => calls.reduce((end, { endedMs }) => Math.max(end, endedMs), last),
    0,
  );
}

function newBurst(strategy: string, expectedCalls: number): Burst {
  const nothing = { calls: [], loop: [], probe: [], figures: undefined, version: 0 };
  return { strategy, expectedCalls, ...nothing };
}

function append<Item>(to: Item[], more: readonly Item[], maxLength: number): void {
  to.push(...more.slice(0, Math.max(0, maxLength - to.length)));
}

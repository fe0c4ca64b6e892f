import type {
  BurstFigures,
  BystanderCall,
  Call,
  LoopSample,
  RaceResponse,
  Run,
} from "../../../gen/unblock/v1/lab_pb.ts";

/** More than the longest burst has; what came beyond would not be seen on a screen. */
const mostSamples = 20_000;

export interface Burst {
  readonly strategy: string;
  readonly expectedCalls: number;
  readonly calls: Call[];
  readonly loop: LoopSample[];
  readonly bystander: BystanderCall[];
  /** Undefined until it has ended. */
  figures: BurstFigures | undefined;
  /** Counts up when it has changed, so that what did not is not drawn again. */
  version: number;
}

/** A race as far as it is known. It changes while its events come. */
export interface Race {
  /** The exercise's letter. */
  readonly exercise: string;
  readonly bursts: Burst[];
  /** What happened; "" until it has ended. */
  sentence: string;
  /** Its id among the kept runs, once it is one. */
  keptId: string | undefined;
}

export function newRace(exercise: string): Race {
  return { exercise, bursts: [], sentence: "", keptId: undefined };
}

/** Puts an event of the stream into the race. */
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
        append(burst.loop, event.value.loop, mostSamples);
        append(burst.bystander, event.value.bystander, mostSamples);
      }
      break;
    case "burstEnded":
      if (burst !== undefined) {
        burst.figures = event.value.figures;
      }
      break;
    case "kept":
      // Empty when the server could not keep it.
      race.keptId = event.value.id || undefined;
      race.sentence = event.value.sentence;
      break;
  }
}

/** @returns undefined when the run is no race */
export function raceOfRun({ summary, kind }: Run): Race | undefined {
  if (kind.case !== "race") {
    return undefined;
  }
  const bursts = kind.value.bursts.map(({ strategy, events, figures }): Burst => {
    const calls = events?.calls ?? [];
    const burst = newBurst(strategy, calls.length);
    burst.calls.push(...calls);
    append(burst.loop, events?.loop ?? [], mostSamples);
    append(burst.bystander, events?.bystander ?? [], mostSamples);
    burst.figures = figures;
    return burst;
  });
  return {
    exercise: summary?.exercise ?? "",
    bursts,
    sentence: summary?.sentence ?? "",
    keptId: summary?.id,
  };
}

/** When the last thing happened that is known of the race. */
export function lastMomentMs({ bursts }: Race): number {
  return bursts.reduce(
    (last, { calls }) => calls.reduce((end, { endedMs }) => Math.max(end, endedMs), last),
    0,
  );
}

function newBurst(strategy: string, expectedCalls: number): Burst {
  const nothing = { calls: [], loop: [], bystander: [], figures: undefined, version: 0 };
  return { strategy, expectedCalls, ...nothing };
}

function append<Item>(to: Item[], more: readonly Item[], most: number): void {
  to.push(...more.slice(0, Math.max(0, most - to.length)));
}

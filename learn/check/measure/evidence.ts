import { setTimeout } from "node:timers/promises";
import type { JsonValue } from "@bufbuild/protobuf";
import type { GetVitalsResponse, PlaceVitals } from "../../../gen/unblock/v1/vitals_pb.ts";
import type { Burst } from "../../../loadtest/burst.ts";
import type { Observation } from "../../service/observation.ts";
import type { Callers } from "../callers.ts";
import { burstMs } from "../limits.ts";
import type { LearnerService } from "../process/learner-service.ts";

/** What a place did while a burst was served. */
export interface PlaceWork {
  readonly mostRunning: number;
  readonly completed: number;
  readonly failed: number;
  readonly withdrawn: number;
  readonly cpuMs: number;
}

/** What a backend saw of it. */
export interface BackendCalls {
  readonly calls: number;
  readonly mostInProgress: number;
}

/** All that is known of one burst. */
export interface Evidence {
  readonly burst: Burst;
  /** 0 to 1 each: the part of the time in which the event loop was not idle, and in which it computed. */
  readonly loop: { readonly utilization: number; readonly cpu: number };
  readonly places: ReadonlyMap<string, PlaceWork>;
  readonly backends: ReadonlyMap<string, BackendCalls>;
  readonly observed: Observation;
}

/** Between two looks whether all has ended, in milliseconds. */
const pollMs = 15;

const nothing: PlaceWork = { mostRunning: 0, completed: 0, failed: 0, withdrawn: 0, cpuMs: 0 };

/** What a place did; nothing, when there is no such place. */
export function workOf({ places }: Evidence, name: string): PlaceWork {
  return places.get(name) ?? nothing;
}

/** What a backend saw; nothing, when there is no such backend. */
export function callsOf({ backends }: Evidence, name: string): BackendCalls {
  return backends.get(name) ?? { calls: 0, mostInProgress: 0 };
}

/**
 * Fires calls at once, and gathers what everybody saw of it.
 *
 * @param timeoutMs the calls' deadline; 0 for none
 */
export async function gather(
  service: LearnerService,
  callers: Callers,
  requests: readonly JsonValue[],
  timeoutMs: number,
): Promise<Evidence> {
  const before = await service.within(burstMs, noAnswer, callers.restartWindow());
  await service.begin();
  const burst = await service.within(
    burstMs,
    `did not answer ${requests.length} calls at once`,
    callers.fire(requests, timeoutMs),
  );
  const after = await settled(service, callers);
  const observed = await service.observe();
  return {
    burst,
    loop: { utilization: after.eventLoop?.utilization ?? 0, cpu: after.eventLoop?.cpu ?? 0 },
    places: placesBetween(before, after),
    backends: new Map(after.backends.map((backend) => [backend.name, backend])),
    observed,
  };
}

/** Waits until nothing of it goes on any more: also not for callers who have given up. */
async function settled(service: LearnerService, callers: Callers): Promise<GetVitalsResponse> {
  const poll = async () => {
    for (;;) {
      const vitals = await callers.vitals();
      const { handler } = await service.observe();
      const isBusy = ({ name, running, queued }: PlaceVitals) =>
        name !== "background" && running + queued > 0;
      if (handler.begun === handler.ended && !vitals.places.some(isBusy)) {
        return vitals;
      }
      await setTimeout(pollMs);
    }
  };
  return service.within(burstMs, "did not come to an end with calls that are over", poll());
}

const noAnswer = "held the event loop, and the check got no answer";

// Places count since the server's start.
function placesBetween(
  before: GetVitalsResponse,
  after: GetVitalsResponse,
): ReadonlyMap<string, PlaceWork> {
  return new Map(
    after.places.map((place) => {
      const earlier = before.places.find(({ name }) => name === place.name);
      return [place.name, difference(place, earlier)];
    }),
  );
}

function difference(now: PlaceVitals, earlier: PlaceVitals | undefined): PlaceWork {
  return {
    mostRunning: now.mostRunning,
    completed: now.completed - (earlier?.completed ?? 0),
    failed: now.failed - (earlier?.failed ?? 0),
    withdrawn: now.withdrawn - (earlier?.withdrawn ?? 0),
    cpuMs: now.cpuMs - (earlier?.cpuMs ?? 0),
  };
}

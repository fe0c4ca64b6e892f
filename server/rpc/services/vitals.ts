import type { MessageInitShape } from "@bufbuild/protobuf";
import type { ConnectRouter } from "@connectrpc/connect";
import {
  type GetVitalsRequest,
  type GetVitalsResponseSchema,
  VitalsService,
} from "../../../gen/unblock/v1/vitals_pb.ts";
import type { Backends } from "../../backends/backends.ts";
import type { Places } from "../../places/index.ts";
import type { EventLoopVitals } from "../../vitals/event-loop.ts";
import { VitalsWindows } from "../../vitals/windows.ts";
import { answersWithoutPool } from "../wire-formats.ts";
import { CallerWindows } from "./caller-windows.ts";
import { createVitalsWatch, type WatchSources } from "./watch-vitals.ts";

export interface VitalsSources extends Omit<WatchSources, "windows"> {
  readonly eventLoop: EventLoopVitals;
  readonly places: Places;
  readonly backends: Backends;
}

/** Serves what the process feels. */
export function routeVitals(
  router: ConnectRouter,
  { eventLoop, places, backends, ...watched }: VitalsSources,
): void {
  const windows = new VitalsWindows(eventLoop, places);
  const callerWindows = new CallerWindows(windows);
  router.service(
    VitalsService,
    {
      ping: () => ({}),
      getVitals: (request) => getVitals(request, callerWindows, backends),
      watchVitals: createVitalsWatch({ windows, ...watched }),
    },
    answersWithoutPool,
  );
}

async function getVitals(
  { window: id, restartWindow }: GetVitalsRequest,
  windows: CallerWindows,
  backends: Backends,
): Promise<MessageInitShape<typeof GetVitalsResponseSchema>> {
  const told = windows.find(id);
  const begun = !restartWindow ? undefined : id === "" ? windows.open() : told;
  const known = told.vitals.read();
  begun?.vitals.restart();

  const { hasUnknownStart } = told;
  const restarted = begun ?? (hasUnknownStart ? told : undefined);
  const { counts, unknown } = await backends.counts(told.vitals.slot, restarted?.vitals.slot);
  if (restarted !== undefined) {
    restarted.hasUnknownStart = unknown !== undefined;
  }
  const reason =
    unknown ??
    (hasUnknownStart
      ? "The backends did not answer when the window was to begin anew; theirs begins now."
      : undefined);
  return {
    ...known,
    backends: [...counts],
    unknown: reason === undefined ? [] : [{ part: "backends", reason }],
    window: (begun ?? told).id,
  };
}

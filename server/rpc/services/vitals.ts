import type { ConnectRouter } from "@connectrpc/connect";
import { VitalsService } from "../../../gen/unblock/v1/vitals_pb.ts";
import type { Backends } from "../../backends/backends.ts";
import type { EventLoopVitals } from "../../vitals/event-loop.ts";
import { createVitalsWatch, type WatchSources } from "./watch-vitals.ts";

export interface VitalsSources extends WatchSources {
  readonly eventLoop: EventLoopVitals;
  readonly backends: Backends;
}

/** Serves what the process feels. */
export function routeVitals(
  router: ConnectRouter,
  { eventLoop, backends, ...watched }: VitalsSources,
): void {
  const { places } = watched;
  router.service(VitalsService, {
    ping: () => ({}),

    getVitals: async ({ restartWindow }) => {
      const vitals = {
        eventLoop: eventLoop.read(),
        places: Object.values(places).map((place) => place.vitals()),
        backends: [...(await backends.counts())],
      };
      if (restartWindow) {
        eventLoop.restartWindow();
        await backends.restartWindow();
        for (const place of Object.values(places)) {
          place.restartWindow();
        }
      }
      return vitals;
    },

    watchVitals: createVitalsWatch(watched),
  });
}

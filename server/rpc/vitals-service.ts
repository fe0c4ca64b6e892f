import type { ConnectRouter } from "@connectrpc/connect";
import { VitalsService } from "../../gen/unblock/v1/vitals_pb.ts";
import type { Backends } from "../backends/backends.ts";
import type { Places } from "../places/index.ts";
import type { EventLoopVitals } from "../vitals/event-loop.ts";

export interface VitalsSources {
  readonly eventLoop: EventLoopVitals;
  readonly places: Places;
  readonly backends: Backends;
}

/** Serves what the process feels. */
export function routeVitals(
  router: ConnectRouter,
  { eventLoop, places, backends }: VitalsSources,
): void {
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
  });
}

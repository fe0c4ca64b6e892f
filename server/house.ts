import { type BackendAddresses, type Backends, withOwnBackends } from "./backends/backends.ts";
import { openEmbeddedBackends } from "./backends/embedded/embedded.ts";
import type { ServerConfig } from "./config.ts";
import type { House, ServedExercise } from "./exercises/exercise.ts";
import { createPlaces } from "./places/index.ts";

/** How long background tasks may take to end when the house closes, in milliseconds. */
const drainBackgroundMs = 3_000;

/** Everything of a server but the wire. */
export interface OpenHouse extends House {
  readonly exercises: readonly ServedExercise[];
  /** Where the backends are for the calls that the server makes itself before it serves. */
  readonly rehearsalAddresses: () => BackendAddresses;
  /** Lets background tasks end, then stops backends, threads and processes. */
  close(): Promise<void>;
}

/** Opens places, backends and exercises; resolves when the backends serve. */
export async function openHouse(config: ServerConfig): Promise<OpenHouse> {
  // The threads start while the backends do.
  const places = createPlaces(config);
  const { background, ...others } = places;
  const closePlaces = () => Promise.all(Object.values(others).map((place) => place.close()));
  const { backends, rehearsalAddresses } = await openBackends(config).catch(
    async (error: unknown) => {
      await closePlaces();
      throw error;
    },
  );
  const exercises = await config.loadExercises({ places, backends });
  return {
    places,
    backends,
    exercises,
    rehearsalAddresses,
    close: async () => {
      await background.close(drainBackgroundMs);
      // Before the threads: one that is blocked on a backend is freed by its end.
      await backends.close();
      await closePlaces();
    },
  };
}

async function openBackends(
  config: ServerConfig,
): Promise<{ backends: Backends } & Pick<OpenHouse, "rehearsalAddresses">> {
  const embedded = await openEmbeddedBackends(config);
  const { rehearsalAddresses } = embedded;
  const backends: Backends = {
    ...embedded,
    addresses: () => withOwnBackends(embedded.addresses(), config),
  };
  if (config.databaseUrl === undefined) {
    return { backends, rehearsalAddresses };
  }
  // Its drivers are loaded only by those who use them.
  const { withPostgres } = await import("./backends/postgres/postgres.ts");
  const real = await withPostgres(backends, config.databaseUrl, config);
  return { backends: real, rehearsalAddresses };
}

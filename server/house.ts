import { type BackendAddresses, type Backends, withOwnBackends } from "./backends/backends.ts";
import { openEmbeddedBackends } from "./backends/embedded/embedded.ts";
import type { ServerConfig } from "./config.ts";
import type { House, ServedExercise } from "./exercises/exercise.ts";
import { createPlaces } from "./places/index.ts";

/** Time that background tasks have to end when the server closes. */
const drainBackgroundMs = 3_000;

/** Everything of a server except the network. */
export interface OpenHouse extends House {
  readonly exercises: readonly ServedExercise[];
  /** Backends for the server's own calls during the warm-up. */
  readonly rehearsalAddresses: () => BackendAddresses;
  /** Waits for background tasks, then stops backends, threads and processes. */
  close(): Promise<void>;
}

/** Opens executors, backends and exercises; resolves when the backends are ready. */
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
      // Before the threads: the end of a backend frees the threads that are blocked on it.
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
  // Loads the Postgres drivers only when they are used.
  const { withPostgres } = await import("./backends/postgres/postgres.ts");
  const real = await withPostgres(backends, config.databaseUrl, config);
  return { backends: real, rehearsalAddresses };
}

import { type BackendAddresses, type Backends, withOwnBackends } from "@unblock/backends/backends";
import { openEmbeddedBackends } from "@unblock/backends/embedded/embedded";
import { createExecutors } from "@unblock/executors";
import type { Resources, ServedExercise } from "@unblock/exercises/exercise";
import type { ServerConfig } from "./config.ts";

/** Time that background tasks have to end when the server closes. */
const drainBackgroundMs = 3_000;

/** Everything of a server except the network. */
export interface OpenResources extends Resources {
  readonly exercises: readonly ServedExercise[];
  /** Backends for the server's own calls during the warm-up. */
  readonly rehearsalAddresses: () => BackendAddresses;
  /** Waits for background tasks, then stops backends, threads and processes. */
  close(): Promise<void>;
}

/** Opens executors, backends and exercises; resolves when the backends are ready. */
export async function openResources(config: ServerConfig): Promise<OpenResources> {
  await using opened = new AsyncDisposableStack();
  // The threads start while the backends do.
  const executors = createExecutors(config);
  const { background, ...others } = executors;
  opened.defer(async () => {
    await Promise.all(Object.values(others).map((executor) => executor.close()));
  });
  const { backends, rehearsalAddresses } = await openBackends(config);
  // Before the threads: the end of a backend frees the threads that are blocked on it.
  opened.defer(() => backends.close());
  const exercises = await config.loadExercises({ executors, backends });
  opened.defer(() => background.close(drainBackgroundMs));
  const resources = opened.move();
  return {
    executors,
    backends,
    exercises,
    rehearsalAddresses,
    close: () => resources.disposeAsync(),
  };
}

async function openBackends(
  config: ServerConfig,
): Promise<{ backends: Backends } & Pick<OpenResources, "rehearsalAddresses">> {
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
  const { withPostgres } = await import("@unblock/backends/postgres/postgres");
  const external = await withPostgres(backends, config.databaseUrl, config);
  return { backends: external, rehearsalAddresses };
}

import { connectCache } from "./backends/cache.ts";
import type { House } from "./exercises/exercise.ts";
import type { ServedExercise } from "./exercises/load.ts";
import { answeredWithin } from "./give-up.ts";
import type { OpenHouse } from "./house.ts";
import { createBackground } from "./places/background.ts";
import { createEventLoop } from "./places/event-loop.ts";
import { createLibuv } from "./places/libuv.ts";
import type { PlacesConfig } from "./places/place.ts";
import { Rehearsal } from "./rehearsal.ts";
import type { Adapter } from "./rpc/adapter/adapter.ts";
import { EventLoopVitals } from "./vitals/event-loop.ts";
import { sharedSlot } from "./vitals/slots.ts";

/** A start that takes longer than this for its warm-up has failed, in milliseconds. */
const maxWarmUpMs = 30_000;
/** How long the calls of the rehearsal wait for their backends in all, for each exercise, in milliseconds. */
const rehearsalMs = 100;
/** Bursts that wait for nothing, or for a little, are fired no more often than this. */
const maxBursts = 3;

/** How long a cache of the user's own that hangs may delay the start, in milliseconds. */
const connectMs = 500;

/** What the handler of the rehearsal is made with. */
export interface RehearsalHouse extends Pick<House, "places" | "backends"> {
  readonly exercises: readonly ServedExercise[];
  readonly eventLoop: EventLoopVitals;
}

export interface WarmUpConfig extends PlacesConfig {
  readonly loadExercises: (house: House) => Promise<readonly ServedExercise[]>;
}

/**
 * Makes a server's first calls as fast as its later ones: has every thread and process do the work of the
 * exercises that it serves, and calls those that wait over the wire. Nothing of it shows in the vitals, and no
 * backend of the user's own is called: only the connections to a real database and cache are opened, and each
 * thread looks up the first user.
 *
 * @param createHandler makes a handler like the server's own
 * @throws Error when something does not work, or not in time
 */
export async function warmUp(
  house: OpenHouse,
  config: WarmUpConfig,
  createHandler: (rehearsal: RehearsalHouse) => Adapter,
): Promise<void> {
  const eventLoop = new EventLoopVitals();
  // Those of this thread count what they did, and these are thrown away.
  const places = {
    ...house.places,
    eventLoop: createEventLoop(config),
    libuv: createLibuv(config),
    background: createBackground(config),
  };
  const backends = { ...house.backends, addresses: house.rehearsalAddresses };
  const exercises = await config.loadExercises({ places, backends });
  const rehearsal = await Rehearsal.open(createHandler({ places, backends, exercises, eventLoop }));
  const warm = house.exercises.map(async ({ exercise, handler }) => {
    await handler.warmUp?.();
    const { waitMs, cpu } = exercise.work;
    if (!cpu) {
      const bursts = Math.max(1, Math.floor(rehearsalMs / Math.max(waitMs, 1)));
      await rehearsal.fire(exercise, Math.min(bursts, maxBursts));
    }
  });
  try {
    await answeredWithin(maxWarmUpMs, Promise.all(warm));
    await places.background.close(maxWarmUpMs);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`The server could not be made ready: ${reason}`, { cause: error });
  } finally {
    rehearsal.close();
    eventLoop.close();
  }
  // The rehearsal had another one if this is the user's own.
  await connectCache(house.backends.addresses().cacheUrl, connectMs);
  for (const place of [house.places.threads, house.places.workers, house.places.processes]) {
    place.restartCounts();
  }
  await house.backends.counts(sharedSlot, sharedSlot);
}

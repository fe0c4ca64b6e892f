import * as hash from "../server/exercises/compute-hash/work.ts";
import * as picture from "../server/exercises/predict-image/work.ts";
import * as event from "../server/exercises/track-event/work.ts";
import { type LocalContext, type Place, type Ran, task } from "../server/places/place.ts";
import { bytesOf, type JobData, jobTaskName } from "../server/queue/protocol.ts";

/** Where a worker's jobs run. */
export interface WorkerPlaces {
  /** For what computes. */
  readonly cpu: Place;
  /** For what waits. */
  readonly loop: Place<LocalContext>;
}

type RunJob = (
  places: WorkerPlaces,
  input: JobData["input"],
  signal: AbortSignal,
) => Promise<Ran<unknown>>;

const hashModule = new URL("../server/exercises/compute-hash/work.ts", import.meta.url).href;
const computeHash = task(hashModule, hash.computeHash);
const pictureModule = new URL("../server/exercises/predict-image/work.ts", import.meta.url).href;
const infer = task(pictureModule, picture.infer);
const eventModule = new URL("../server/exercises/track-event/work.ts", import.meta.url).href;
const sendEvent = task(eventModule, event.sendEvent);

/**
 * The tasks that a worker runs, by the names that jobs give. A job that names another fails: whoever
 * can write to Redis must not choose what code runs here. Nor are inputs taken as they come.
 */
const tasks: Readonly<Record<string, RunJob>> = {
  [jobTaskName(computeHash)]: ({ cpu }, { data, rounds }, signal) =>
    cpu.run(
      computeHash,
      { data: text("data", data), rounds: number("rounds", rounds) },
      { signal },
    ),

  [jobTaskName(infer)]: ({ cpu }, { png, crops }, signal) => {
    const bytes = bytesOf(png);
    if (bytes === undefined) {
      throw new Error("Expected the job's png to be bytes in base64, got none");
    }
    return cpu.run(infer, { png: bytes, crops: number("crops", crops) }, { signal });
  },

  [jobTaskName(sendEvent)]: ({ loop }, { analyticsUrl, event: name, userId }, signal) => {
    const input = {
      analyticsUrl: text("analyticsUrl", analyticsUrl),
      event: text("event", name),
      userId: number("userId", userId),
    };
    return loop.run(sendEvent, input, { signal });
  },
};

/** @throws Error when the job names no task that is known here, or has no input for it */
export async function runJob(
  places: WorkerPlaces,
  { task: name, input }: JobData,
  signal: AbortSignal,
): Promise<Ran<unknown>> {
  const run = Object.hasOwn(tasks, name) ? tasks[name] : undefined;
  if (run === undefined) {
    const known = Object.keys(tasks).join(", ");
    throw new Error(`Expected a job for one of ${known}, got ${JSON.stringify(name)}`);
  }
  return run(places, input, signal);
}

function text(field: string, value: unknown): string {
  if (typeof value !== "string") {
    throw new Error(`Expected the job's ${field} to be a text, got ${typeof value}`);
  }
  return value;
}

function number(field: string, value: unknown): number {
  if (typeof value !== "number") {
    throw new Error(`Expected the job's ${field} to be a number, got ${typeof value}`);
  }
  return value;
}

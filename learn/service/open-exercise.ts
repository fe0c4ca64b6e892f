import { findExercise } from "../../registry/exercises.ts";
import { type House, loadExercises, type ServedExercise } from "../../server/exercises/exercise.ts";
import { calibrateCrops } from "../../server/exercises/predict-image/work.ts";
import { task } from "../../server/places/place.ts";
import type { Say } from "./channel.ts";
import { provideEnvironment } from "./environment.ts";
import { toProblem } from "./handler-calls.ts";
import { provideHouse } from "./house.ts";
import { watchImports } from "./imports.ts";
import { withLearner } from "./learner-exercise.ts";
import { type LearnerModule, loadLearnerModule } from "./learner-module.ts";
import type { ListeningWatch } from "./listening.ts";
import type { ServiceOptions } from "./messages.ts";
import type { Observer } from "./observation.ts";
import { createReference, type Reference } from "./reference.ts";
import { watchReplaced } from "./replaced.ts";
import { countSyncReads } from "./sync-reads.ts";
import { worldAddresses } from "./world-addresses.ts";

const inferenceModule = new URL("../../server/exercises/predict-image/work.ts", import.meta.url);
const noCaller = { signal: new AbortController().signal };

export interface OpenedExercise {
  /** All exercises, the one at hand with the learner's handler. */
  readonly served: readonly ServedExercise[];
  readonly reference: Reference;
  /** Looks for functions that the learner's file replaced. */
  readonly lookForReplaced: () => void;
}

/** Loads the learner's file in a house whose backends stand, so that it finds its tools already then. */
export async function openExercise(
  house: House,
  { letter, fileUrl, world, analyticsUrl }: ServiceOptions,
  observer: Observer,
  listening: ListeningWatch,
  say: Say,
): Promise<OpenedExercise> {
  const crops = await countCrops(house, letter);
  const addresses = worldAddresses(world, analyticsUrl);
  provideEnvironment({ addresses, crops, holdingsPath: world.holdingsPath });
  provideHouse(house, fileUrl);
  countSyncReads();

  const served = await loadExercises(house);
  const exercise = served.find((one) => one.exercise.letter === letter);
  if (exercise === undefined) {
    throw new Error(`Expected the letter of an exercise, got ${letter}`);
  }
  const lookForReplaced = watchReplaced(fileUrl, say);
  watchImports(fileUrl, say);
  observer.loading();
  say({ kind: "importing" });
  listening.refuse();
  const module = await importOrStop(fileUrl, say);
  lookForReplaced();
  listening.allow();
  const { decision = null, libuvThreads = null } = module;
  say({ kind: "imported", decision, libuvThreads });
  const learners = withLearner(exercise, module, () => observer.onCall());
  return {
    served: served.map((one) => (one === exercise ? learners : one)),
    reference: createReference(house, exercise, crops),
    lookForReplaced,
  };
}

/** What cannot be imported is told, and the checker ends this process. */
async function importOrStop(fileUrl: string, say: Say): Promise<LearnerModule> {
  try {
    return await loadLearnerModule(fileUrl);
  } catch (error) {
    const { text, line } = toProblem(error, fileUrl);
    say({ kind: "not imported", problem: text, line });
    return new Promise(() => {});
  }
}

/** How many crops of a picture cost about 100 ms here; of use to one exercise only. */
async function countCrops({ places }: House, letter: string): Promise<number> {
  if (findExercise(letter)?.rpc !== "PredictImage") {
    return 1;
  }
  const count = task<null, number>(inferenceModule.href, calibrateCrops);
  return (await places.workers.run(count, null, noCaller)).value;
}

import { create, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { downloadImage } from "@unblock/backends/images";
import { task } from "@unblock/executors/executor";
import {
  loadExercises,
  type Resources,
  type RunStrategy,
  type ServedExercise,
} from "@unblock/exercises/exercise";
import { calibrateCrops, infer } from "@unblock/exercises/predict-image/work";
import { monotonicMs } from "@unblock/measure/clock";
import { findExercise } from "@unblock/proto/exercises";
import { countQueries, countSyncReads } from "./blocking-calls.ts";
import type { Alone, Say, ServiceOptions } from "./channel.ts";
import { provideEnvironment, provideResources, worldAddresses } from "./environment.ts";
import { watchReplaced } from "./forbidden.ts";
import { preloadFromNowOn } from "./inherit.ts";
import { type LearnerModule, loadLearnerModule, toProblem, withLearner } from "./learner-module.ts";
import type { Observer } from "./observation.ts";
import { watchImports } from "./preload.ts";

const inferenceModule = new URL(import.meta.resolve("@unblock/exercises/predict-image/work"));
const noCaller = { signal: new AbortController().signal };

export type OpenedExercise = Awaited<ReturnType<typeof openExercise>>;

export async function openExercise(
  resources: Resources,
  { letter, fileUrl, world, analyticsUrl }: ServiceOptions,
  observer: Observer,
  refuseListening: (refuses: boolean) => void,
  say: Say,
) {
  const crops = await countCrops(resources, letter);
  const addresses = worldAddresses(world, analyticsUrl);
  provideEnvironment({ addresses, crops, holdingsPath: world.holdingsPath });
  provideResources(resources, fileUrl);
  countSyncReads();
  countQueries();

  const served = await loadExercises(resources);
  const exercise = served.find((one) => one.exercise.letter === letter);
  if (exercise === undefined) {
    throw new Error(`Expected the letter of an exercise, got ${letter}`);
  }
  preloadFromNowOn(fileUrl);
  const lookForReplaced = watchReplaced(fileUrl, say);
  watchImports(fileUrl, (text, line) => say({ kind: "tampering", text, line }));
  observer.loading();
  say({ kind: "importing" });
  refuseListening(true);
  const module = await importOrStop(fileUrl, say);
  lookForReplaced();
  refuseListening(false);
  const { decision = null, libuvThreads = null } = module;
  say({ kind: "imported", decision, libuvThreads });
  const learners = withLearner(exercise, module, () => observer.calls);
  return {
    /** All exercises, the learner's with their handler. */
    served: served.map((one) => (one === exercise ? learners : one)),
    reference: createReference(resources, exercise, crops),
    /** Checks for functions that the learner's code has replaced. */
    lookForReplaced,
  };
}

async function importOrStop(fileUrl: string, say: Say): Promise<LearnerModule> {
  try {
    return await loadLearnerModule(fileUrl);
  } catch (error) {
    const { text, line } = toProblem(error, fileUrl);
    say({ kind: "not imported", problem: text, line });
    return new Promise(() => {});
  }
}

/** Crops of a picture that cost about 100 ms here; 1 for other exercises. */
async function countCrops({ executors }: Resources, letter: string): Promise<number> {
  if (findExercise(letter)?.rpc !== "PredictImage") {
    return 1;
  }
  const count = task<null, number>(inferenceModule.href, calibrateCrops);
  return (await executors.cpuPool.run(count, null, noCaller)).value;
}

const inference = task(inferenceModule.href, infer);

/**
 * Returns a function that does one call's work right, which shows the expected response and the time that the
 * work takes.
 *
 * @param crops for a picture's inference, the same as for the learner's handler
 */
function createReference(
  resources: Resources,
  served: ServedExercise,
  crops: number,
): (request: JsonValue) => Promise<Alone> {
  const { exercise, handler } = served;
  const { input, output } = exercise.method;
  const run =
    exercise.rpc === "PredictImage"
      ? predictWith(resources, crops)
      : handler.strategies[exercise.recommended];
  if (run === undefined) {
    throw new Error(`Expected ${exercise.rpc} to have its strategy "${exercise.recommended}"`);
  }
  return async (request) => {
    const beganMs = monotonicMs();
    const { value, facts = {} } = await run(fromJson(input, request), noCaller);
    const ms = monotonicMs() - beganMs;
    const response = toJson(output, create(output, value), { alwaysEmitImplicit: true });
    return { response, ms, facts };
  };
}

// The exercise's own strategy counts its own crops, and the confidence depends on them.
function predictWith(
  { backends, executors }: Resources,
  crops: number,
): RunStrategy<{ imageUrl?: string }, Record<string, unknown>> {
  return async ({ imageUrl = "" }, call) => {
    const { imageHosts: hosts } = backends.addresses();
    const png = await downloadImage({ imageUrl, hosts }, call.signal);
    const ran = await executors.cpuPool.run(inference, { png, crops }, call);
    return { ...ran, value: { ...ran.value } };
  };
}

/**
 * A service with a learner's handler for one exercise, in its own process. The checker starts it
 * (learn/check/process/) and talks with it over pipes; callers use the port as usual.
 */

import { flushCompileCache } from "node:module";
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
import { createServer } from "@unblock/server/server";
import { countQueries, countSyncReads } from "./blocking-calls.ts";
import {
  type Alone,
  type Answer,
  type Ask,
  createSay,
  readRequests,
  readSecret,
  type ServiceOptions,
} from "./channel.ts";
import { provideEnvironment, provideResources, worldAddresses } from "./environment.ts";
import { watchListening, watchReplaced } from "./forbidden.ts";
import { leaveLastWords, startGuard } from "./last-words.ts";
import { type LearnerModule, loadLearnerModule, toProblem, withLearner } from "./learner-module.ts";
import { Observer } from "./observation.ts";
import { preloadFromNowOn, watchImports } from "./preload.ts";

const options: ServiceOptions = JSON.parse(process.argv[2] ?? "");
const { letter, fileUrl, world, analyticsUrl, signalEndsWithCall, maxMemoryMb } = options;
const inferenceModule = new URL(import.meta.resolve("@unblock/exercises/predict-image/work"));
const noCaller = { signal: new AbortController().signal };

const secret = readSecret();
const say = createSay(secret);
leaveLastWords(fileUrl, say);
startGuard(fileUrl, maxMemoryMb, secret);

const observer = new Observer(fileUrl);
const refuseListening = watchListening((problem) => observer.rejected(problem));

try {
  let opened: Awaited<ReturnType<typeof openExercise>> | undefined;
  const server = await createServer({
    port: 0,
    // Calls of the server itself would count as evidence.
    warmUp: false,
    signalEndsWithCall,
    logLevel: "silent",
    log: (text) => say({ kind: "log", text }),
    loadExercises: async (resources) => {
      opened = await openExercise(resources);
      return opened.served;
    },
  });
  if (opened === undefined) {
    throw new Error("Expected the server to have loaded its exercises");
  }
  answerAsks(opened.reference, opened.lookForReplaced);
  refuseListening(true);
  process.on("SIGTERM", async () => {
    await server.close();
    process.exit(0);
  });
  say({ kind: "ready", url: server.url, pid: process.pid });
  // Most services end by SIGKILL, which does not flush it.
  flushCompileCache();
} catch (error) {
  say({ kind: "broken", problem: error instanceof Error ? (error.stack ?? "") : String(error) });
}

async function openExercise(resources: Resources) {
  const served = await loadExercises(resources);
  const own = served.find(({ exercise }) => exercise.letter === letter);
  if (own === undefined) {
    throw new Error(`Expected the letter of an exercise, got ${letter}`);
  }
  const crops = own.exercise.rpc === "PredictImage" ? await countCrops(resources) : 1;
  const addresses = worldAddresses(world, analyticsUrl);
  provideEnvironment({ addresses, crops, holdingsPath: world.holdingsPath });
  provideResources(resources, fileUrl);
  countSyncReads();
  countQueries();
  preloadFromNowOn(fileUrl);
  const lookForReplaced = watchReplaced(fileUrl, say);
  watchImports(fileUrl, (text, line) => say({ kind: "tampering", text, line }));
  observer.loading();
  say({ kind: "importing" });
  refuseListening(true);
  const module = await importOrStop();
  lookForReplaced();
  refuseListening(false);
  const { decision = null, libuvThreads = null } = module;
  say({ kind: "imported", decision, libuvThreads });
  const learners = withLearner(own, module, () => observer.calls);
  return {
    /** All exercises, the learner's with their handler. */
    served: served.map((one) => (one === own ? learners : one)),
    reference: createReference(resources, own, crops),
    /** Checks for functions that the learner's code has replaced. */
    lookForReplaced,
  };
}

async function importOrStop(): Promise<LearnerModule> {
  try {
    return await loadLearnerModule(fileUrl);
  } catch (error) {
    const { text, line } = toProblem(error, fileUrl);
    say({ kind: "not imported", problem: text, line });
    return new Promise(() => {});
  }
}

/** Crops of a picture that cost about 100 ms here. */
async function countCrops({ executors }: Resources): Promise<number> {
  const count = task<null, number>(inferenceModule.href, calibrateCrops);
  return (await executors.cpuPool.run(count, null, noCaller)).value;
}

/** Does one call's work right: shows the expected response and the time that the work takes. */
type Reference = (request: JsonValue) => Promise<Alone>;

/** @param crops for a picture's inference, the same as for the learner's handler */
function createReference(
  resources: Resources,
  { exercise, handler }: ServedExercise,
  crops: number,
): Reference {
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
  const inference = task(inferenceModule.href, infer);
  return async ({ imageUrl = "" }, call) => {
    const { imageHosts: hosts } = backends.addresses();
    const png = await downloadImage({ imageUrl, hosts }, call.signal);
    const ran = await executors.cpuPool.run(inference, { png, crops }, call);
    return { ...ran, value: { ...ran.value } };
  };
}

function answerAsks(reference: Reference, lookForReplaced: () => void): void {
  readRequests(async (request) => {
    const { id } = request;
    try {
      const answer = await answerTo(request, reference);
      // Before the answer, which the replaced functions may have changed.
      lookForReplaced();
      say({ kind: "answer", id, ...answer });
    } catch (error) {
      say({ kind: "answer", id, failure: String(error) });
    }
  });
}

async function answerTo(ask: Ask, reference: Reference): Promise<Partial<Answer>> {
  switch (ask.kind) {
    case "begin":
      observer.begin();
      return {};
    case "observe":
      return { observation: observer.read() };
    case "alone":
      return { alone: await reference(ask.request) };
  }
}

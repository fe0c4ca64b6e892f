import { create, fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { monotonicMs } from "../../registry/clock.ts";
import { downloadImage } from "../../server/backends/images.ts";
import type { House, RunStrategy, ServedExercise } from "../../server/exercises/exercise.ts";
import { infer } from "../../server/exercises/predict-image/work.ts";
import { task } from "../../server/places/place.ts";
import type { Alone } from "./messages.ts";

const inferenceModule = new URL("../../server/exercises/predict-image/work.ts", import.meta.url);
const inference = task(inferenceModule.href, infer);
const noCaller = { signal: new AbortController().signal };

/** Does one call's work right: what it answers is what is expected, and its time is what the work takes. */
export type Reference = (request: JsonValue) => Promise<Alone>;

/** @param crops what a picture's inference costs, the same for the learner's handler */
export function createReference(house: House, served: ServedExercise, crops: number): Reference {
  const { exercise, handler } = served;
  const { input, output } = exercise.method;
  const run =
    exercise.rpc === "PredictImage"
      ? predictWith(house, crops)
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

// The exercise's own strategy counts the crops for itself, and with other crops the confidence differs.
function predictWith(
  { backends, places }: House,
  crops: number,
): RunStrategy<{ imageUrl?: string }, Record<string, unknown>> {
  return async ({ imageUrl = "" }, call) => {
    const { imageHosts: hosts } = backends.addresses();
    const png = await downloadImage({ imageUrl, hosts }, call.signal);
    const ran = await places.workers.run(inference, { png, crops }, call);
    return { ...ran, value: { ...ran.value } };
  };
}

import { ExercisesService } from "../../../gen/unblock/v1/exercises_pb.ts";
import { type Ran, task } from "../../places/place.ts";
import { calibrateOnce } from "../calibrate.ts";
import { type Call, checkMaxBytes, checkRange, defineExercise } from "../exercise.ts";
import * as work from "./work.ts";

const maxDataBytes = 128 * 1024;
/** JSON takes two bytes for an escaped character. */
const maxRequestBytes = 2 * maxDataBytes;
/** A few milliseconds of CPU, enough to compile the computation. */
const warmUp: work.HashInput = { data: "warm-up", rounds: 10_000 };
const maxRounds = 10_000_000;

const workModule = new URL("./work.ts", import.meta.url).href;
const computeHash = task(workModule, work.computeHash);
const calibrateRounds = task(workModule, work.calibrateRounds);

type Request = { readonly data: string; readonly rounds: number };

export default defineExercise(ExercisesService.method.computeHash, ({ places }) => {
  const calibratedRounds = calibrateOnce(places.workers, calibrateRounds);

  const hashIn =
    (run: (input: work.HashInput, call: Call) => Promise<Ran<string>>) =>
    async ({ data, rounds }: Request, call: Call) => {
      const input = { data, rounds: rounds === 0 ? await calibratedRounds() : rounds };
      const ran = await run(input, call);
      return {
        ...ran,
        value: { hash: ran.value, algorithm: "sha256" },
        facts: { "unblock-rounds": String(input.rounds) },
      };
    };

  return {
    maxRequestBytes,
    validate: ({ data, rounds }) => [
      ...checkMaxBytes("data", data, maxDataBytes),
      ...checkRange("rounds", rounds, 0, maxRounds),
    ],
    warmUp: async () => {
      await Promise.all([
        places.workers.warmUp(computeHash, warmUp),
        places.processes.warmUp(computeHash, warmUp),
      ]);
      await calibratedRounds();
    },
    strategies: {
      // One hash per core at a time; the event loop stays free.
      workers: hashIn((input, call) => places.workers.run(computeHash, input, call)),

      // The same with processes: more memory, more isolation.
      processes: hashIn((input, call) => places.processes.run(computeHash, input, call)),

      // A worker on any machine takes it from Redis, short hashes first.
      queue: hashIn(async (input, call) => {
        const costMs = (100 * input.rounds) / (await calibratedRounds());
        return places.queue.run(computeHash, input, call, { costMs, key: call.idempotencyKey });
      }),

      // Sixteen threads on the same cores: all start at once, and all end late.
      threads: hashIn((input, call) => places.threads.run(computeHash, input, call)),

      // A promise is not a thread: the hash still runs on the event loop.
      async: hashIn((input, call) =>
        Promise.resolve().then(() => places.eventLoop.run(computeHash, input, call)),
      ),

      // The hash runs on the event loop and blocks every call.
      "event-loop": hashIn((input, call) => places.eventLoop.run(computeHash, input, call)),
    },
  };
});

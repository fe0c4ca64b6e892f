import { ExercisesService } from "../../../gen/unblock/v1/exercises_pb.ts";
import type { Ran } from "../../places/place.ts";
import { task } from "../../places/place.ts";
import { beginCalibration } from "../calibrate.ts";
import { defineExercise } from "../exercise.ts";
import { checkMaxBytes, checkRange } from "../validate.ts";
import * as work from "./work.ts";

const maxDataBytes = 256 * 1024;
/** Data as JSON takes two bytes for a character that is escaped. */
const maxRequestBytes = 2 * maxDataBytes;
/** Several seconds of CPU. */
const maxRounds = 10_000_000;

const workModule = new URL("./work.ts", import.meta.url).href;
const computeHash = task(workModule, work.computeHash);
const calibrateRounds = task(workModule, work.calibrateRounds);

type Request = { readonly data: string; readonly rounds: number };

export default defineExercise(ExercisesService.method.computeHash, ({ places }) => {
  const calibratedRounds = beginCalibration(places.workers, calibrateRounds);

  const hashIn =
    (run: (input: work.HashInput, signal: AbortSignal, key?: string) => Promise<Ran<string>>) =>
    async ({ data, rounds }: Request, signal: AbortSignal, _deadlineMs?: number, key?: string) => {
      const input = { data, rounds: rounds === 0 ? await calibratedRounds() : rounds };
      const ran = await run(input, signal, key);
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
    strategies: {
      // As many hashes at once as there are cores; the event loop stays free.
      workers: hashIn((input, signal) => places.workers.run(computeHash, input, signal)),

      // The same in processes: more memory, more isolation.
      processes: hashIn((input, signal) => places.processes.run(computeHash, input, signal)),

      // A worker of any machine takes it from Redis, short hashes first.
      queue: hashIn(async (input, signal, key) => {
        const costMs = (100 * input.rounds) / (await calibratedRounds());
        return places.queue.run(computeHash, input, signal, { costMs, key });
      }),

      // Sixteen threads on the same cores: all begin at once, and all end late.
      threads: hashIn((input, signal) => places.threads.run(computeHash, input, signal)),

      // A promise is not a thread: the hash still runs on the event loop.
      async: hashIn((input, signal) =>
        Promise.resolve().then(() => places.eventLoop.run(computeHash, input, signal)),
      ),

      // The hash runs on the event loop, and everybody waits.
      "event-loop": hashIn((input, signal) => places.eventLoop.run(computeHash, input, signal)),
    },
  };
});

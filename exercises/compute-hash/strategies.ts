import { type Ran, task } from "@unblock/executors/executor";
import { ExercisesService } from "@unblock/proto/gen/exercises";
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

export default defineExercise(ExercisesService.method.computeHash, ({ executors }) => {
  const calibratedRounds = calibrateOnce(executors.cpuPool, calibrateRounds);

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
        executors.cpuPool.warmUp(computeHash, warmUp),
        executors.processes.warmUp(computeHash, warmUp),
      ]);
      await calibratedRounds();
    },
    strategies: {
      // One hash per core at a time; the event loop stays free.
      "cpu-pool": hashIn((input, call) => executors.cpuPool.run(computeHash, input, call)),

      // The same with processes: more memory, more isolation.
      processes: hashIn((input, call) => executors.processes.run(computeHash, input, call)),

      // A worker on any machine takes it from Redis, short hashes first.
      queue: hashIn(async (input, call) => {
        const costMs = (100 * input.rounds) / (await calibratedRounds());
        return executors.queue.run(computeHash, input, call, { costMs, key: call.idempotencyKey });
      }),

      // Sixteen threads on the same cores: all start at once, and all end late.
      "blocking-pool": hashIn((input, call) =>
        executors.blockingPool.run(computeHash, input, call),
      ),

      // A promise is not a thread: the hash still runs on the event loop.
      async: hashIn((input, call) =>
        Promise.resolve().then(() => executors.eventLoop.run(computeHash, input, call)),
      ),

      // The hash runs on the event loop and blocks every call.
      "event-loop": hashIn((input, call) => executors.eventLoop.run(computeHash, input, call)),
    },
  };
});

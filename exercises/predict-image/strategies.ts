import { allowedUrl } from "@unblock/backends/images";
import { traceHeaders } from "@unblock/connect/observability/opentelemetry";
import { type Executor, type Ran, task } from "@unblock/executors/executor";
import { ExercisesService } from "@unblock/proto/gen/exercises";
import { PNG } from "pngjs";
import { calibrateOnce } from "../calibrate.ts";
import { type Call, checkRange, defineExercise, type StrategyResult } from "../exercise.ts";
import type { Prediction } from "./network.ts";
import * as work from "./work.ts";

const workModule = new URL("./work.ts", import.meta.url).href;
const download = task(workModule, work.download);
const infer = task(workModule, work.infer);
const downloadAndInfer = task(workModule, work.downloadAndInfer);
const calibrateCrops = task(workModule, work.calibrateCrops);

/** A black picture and few crops, about 10 ms of CPU. */
const warmUp = (): work.InferenceInput => ({
  png: PNG.sync.write(new PNG({ width: 80, height: 80 })),
  crops: 3,
});

type Request = { readonly imageUrl: string; readonly rounds: number };

const maxRounds = 1_000;

export default defineExercise(ExercisesService.method.predictImage, ({ executors, backends }) => {
  const calibratedCrops = calibrateOnce(executors.cpuPool, calibrateCrops);

  const request = ({ imageUrl }: Request) => ({
    imageUrl,
    hosts: backends.addresses().imageHosts,
    trace: traceHeaders(),
  });

  const cropsFor = async ({ rounds }: Request) => (rounds === 0 ? calibratedCrops() : rounds);
  const factsOf = (crops: number) => ({ "unblock-rounds": String(crops) });

  const downloadThen = async (
    from: Request,
    call: Call,
    inferIn: (input: work.InferenceInput) => Promise<Ran<Prediction>>,
  ): Promise<StrategyResult<Prediction>> => {
    const downloaded = await executors.eventLoop.run(download, request(from), call);
    const crops = await cropsFor(from);
    const ran = await inferIn({ png: downloaded.value, crops });
    const downloadMs = downloaded.timing.reduce((sum, { ms }) => sum + ms, 0);
    const timing = [{ name: "download", ms: downloadMs }, ...ran.timing];
    return { ...ran, beganMs: downloaded.beganMs, timing, facts: factsOf(crops) };
  };

  const inOneTask = (executor: Pick<Executor, "run">) => async (from: Request, call: Call) => {
    const crops = await cropsFor(from);
    const ran = await executor.run(downloadAndInfer, { ...request(from), crops }, call);
    return { ...ran, facts: factsOf(crops) };
  };

  return {
    validate: ({ imageUrl, rounds }) => {
      allowedUrl(imageUrl, backends.addresses().imageHosts);
      return checkRange("rounds", rounds, 0, maxRounds);
    },
    warmUp: async () => {
      await executors.cpuPool.warmUp(infer, warmUp());
      await calibratedCrops();
    },
    strategies: {
      // The download waits without a thread; the inference gets a core.
      "cpu-pool": (from, call) =>
        downloadThen(from, call, (input) => executors.cpuPool.run(infer, input, call)),

      // The server, which knows the allowed hosts, downloads; a worker on any machine gets the
      // picture for the inference.
      queue: (from, call) =>
        downloadThen(from, call, async (input) => {
          const costMs = (100 * input.crops) / (await calibratedCrops());
          return executors.queue.run(infer, input, call, { costMs, key: call.idempotencyKey });
        }),

      // One blocking thread does both: simple, but with more inferences at once than cores.
      "blocking-pool": inOneTask(executors.blockingPool),

      // The downloads overlap; then each inference blocks the event loop.
      async: (from, call) =>
        downloadThen(from, call, (input) => executors.eventLoop.run(infer, input, call)),

      // Download and inference both block the event loop.
      "event-loop": inOneTask(executors.eventLoop),
    },
  };
});

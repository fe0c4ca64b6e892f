import { createVitalsClient } from "@unblock/client/client";
import { type BurstClient, openBurstClient } from "@unblock/loadtest/burst";
import { startServer, startWorker } from "@unblock/loadtest/processes";
import { type Exercise, exercises } from "@unblock/proto/exercises";

export interface RigSizes {
  readonly cpuWorkers: number;
  readonly blockingThreads: number;
  readonly libuvThreads: number;
}

/** A server in a process of its own, with the clients that measure it. */
export type Rig = Awaited<ReturnType<typeof openRig>>;

/** @param withQueue whether to start a queue worker too, if there is a Redis */
export async function openRig(sizes: RigSizes, withQueue = true) {
  const { cpuWorkers, blockingThreads, libuvThreads } = sizes;
  const server = await startServer([
    `--cpu-workers=${cpuWorkers}`,
    `--blocking-threads=${blockingThreads}`,
    `--libuv-threads=${libuvThreads}`,
  ]);
  const hasWorker = withQueue && process.env.REDIS_URL;
  const worker = hasWorker ? await startWorker([`--cpu-workers=${cpuWorkers}`]) : undefined;
  const bursts = await openBurstClient(server.url, 0);
  const vitals = createVitalsClient({ baseUrl: server.url, protocol: "grpc" });
  let window = "";
  return {
    sizes,
    bursts,
    pid: server.pid,
    /** Returns the event loop's longest delay since the last call. */
    loopDelayMaxMs: async () => {
      const response = await vitals.getVitals({ window, restartWindow: true });
      window = response.window;
      return response.eventLoop?.delayMaxMs ?? 0;
    },
    /**
     * Returns the exercises with a fixed amount of work per call: about 100 ms of CPU at the machine's current
     * speed. All strategies and servers then do the same work.
     */
    fixWork: async (letters: readonly string[]) => {
      const fixed: Exercise[] = [];
      for (const exercise of exercises.filter(({ letter }) => letters.includes(letter))) {
        const isFixed = !exercise.work.cpu;
        fixed.push(isFixed ? exercise : withRounds(exercise, await roundsOf(exercise, bursts)));
      }
      return fixed;
    },
    close: async () => {
      await bursts.close();
      await server.close();
      await worker?.close();
    },
  };
}

async function roundsOf(exercise: Exercise, bursts: BurstClient): Promise<number> {
  const { calls } = await bursts.fire(exercise, exercise.recommended, 1);
  const { rounds, code, message } = calls[0] ?? {};
  if (rounds === undefined) {
    throw new Error(
      `Expected ${exercise.rpc} to send its rounds in the header unblock-rounds, got ${code}: ${message}`,
    );
  }
  return rounds;
}

/** Returns the exercise with a number of rounds of work per call. */
export function withRounds(exercise: Exercise, rounds: number): Exercise {
  const requestJson = (n: number) =>
    JSON.stringify({ ...JSON.parse(exercise.burst.requestJson(n)), rounds });
  return { ...exercise, burst: { ...exercise.burst, requestJson } };
}

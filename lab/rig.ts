import type { Client } from "@connectrpc/connect";
import { createVitalsClient } from "@unblock/client/client";
import { BurstClient } from "@unblock/loadtest/burst-client";
import { type ServerProcess, startServer } from "@unblock/loadtest/server-process";
import { startWorker, type WorkerProcess } from "@unblock/loadtest/worker-process";
import { type Exercise, exercises } from "@unblock/proto/exercises";
import type { GetVitalsResponse, VitalsService } from "@unblock/proto/gen/vitals";

/** Sizes of the server's executors. */
export interface RigSizes {
  readonly cpuWorkers: number;
  readonly blockingThreads: number;
  readonly libuvThreads: number;
}

/** A server in a process of its own, with the clients that measure it. */
export class Rig {
  readonly bursts: BurstClient;
  readonly sizes: RigSizes;
  readonly #server: ServerProcess;
  readonly #vitals: Client<typeof VitalsService>;
  readonly #worker: WorkerProcess | undefined;
  #window = "";

  private constructor(
    server: ServerProcess,
    bursts: BurstClient,
    worker: WorkerProcess | undefined,
    sizes: RigSizes,
  ) {
    this.bursts = bursts;
    this.sizes = sizes;
    this.#server = server;
    this.#worker = worker;
    this.#vitals = createVitalsClient({ baseUrl: server.url, protocol: "grpc" });
  }

  /** @param withQueue whether to start a queue worker too, if there is a Redis */
  static async open(sizes: RigSizes, withQueue = true): Promise<Rig> {
    const { cpuWorkers, blockingThreads, libuvThreads } = sizes;
    const server = await startServer([
      `--cpu-workers=${cpuWorkers}`,
      `--blocking-threads=${blockingThreads}`,
      `--libuv-threads=${libuvThreads}`,
    ]);
    const worker =
      withQueue && process.env.REDIS_URL
        ? await startWorker([`--cpu-workers=${cpuWorkers}`])
        : undefined;
    return new Rig(server, await BurstClient.open(server.url, 0), worker, sizes);
  }

  get pid(): number {
    return this.#server.pid;
  }

  /** Returns the vitals since the last call. */
  async vitals(): Promise<GetVitalsResponse> {
    const vitals = await this.#vitals.getVitals({ window: this.#window, restartWindow: true });
    this.#window = vitals.window;
    return vitals;
  }

  /**
   * Returns the exercises with a fixed amount of work per call: about 100 ms of CPU at the machine's current
   * speed. All strategies and servers then do the same work.
   */
  async fixWork(letters: readonly string[]): Promise<readonly Exercise[]> {
    const fixed: Exercise[] = [];
    for (const exercise of exercises.filter(({ letter }) => letters.includes(letter))) {
      fixed.push(
        exercise.work.cpu ? withRounds(exercise, await this.#roundsOf(exercise)) : exercise,
      );
    }
    return fixed;
  }

  async #roundsOf(exercise: Exercise): Promise<number> {
    const { calls } = await this.bursts.fire(exercise, exercise.recommended, 1);
    const { rounds, code, message } = calls[0] ?? {};
    if (rounds === undefined) {
      throw new Error(
        `Expected ${exercise.rpc} to send its rounds in the header unblock-rounds, got ${code}: ${message}`,
      );
    }
    return rounds;
  }

  async close(): Promise<void> {
    await this.bursts.close();
    await this.#server.close();
    await this.#worker?.close();
  }
}

/** Returns the exercise with a number of rounds of work per call. */
export function withRounds(exercise: Exercise, rounds: number): Exercise {
  const requestJson = (n: number) =>
    JSON.stringify({ ...JSON.parse(exercise.burst.requestJson(n)), rounds });
  return { ...exercise, burst: { ...exercise.burst, requestJson } };
}

import type { Client } from "@connectrpc/connect";
import { createVitalsClient } from "../client/client.ts";
import type { GetVitalsResponse, VitalsService } from "../gen/unblock/v1/vitals_pb.ts";
import { BurstClient } from "../loadtest/burst-client.ts";
import { type ServerProcess, startServer } from "../loadtest/server-process.ts";
import { startWorker, type WorkerProcess } from "../loadtest/worker-process.ts";

/** A server in a process of its own, with everything that measures it connected. */
export class Rig {
  readonly bursts: BurstClient;
  readonly #server: ServerProcess;
  readonly #vitals: Client<typeof VitalsService>;
  readonly #worker: WorkerProcess | undefined;
  #window = "";

  private constructor(
    server: ServerProcess,
    bursts: BurstClient,
    worker: WorkerProcess | undefined,
  ) {
    this.bursts = bursts;
    this.#server = server;
    this.#worker = worker;
    this.#vitals = createVitalsClient({ baseUrl: server.url, protocol: "grpc" });
  }

  /**
   * @param flags those of `npm start`
   * @param cpuWorkers how many a worker of the job queue has, if there is a Redis for one
   */
  static async open(flags: readonly string[], cpuWorkers = 1): Promise<Rig> {
    const server = await startServer(flags);
    const worker = process.env.REDIS_URL
      ? await startWorker([`--cpu-workers=${cpuWorkers}`])
      : undefined;
    return new Rig(server, await BurstClient.open(server.url, 0), worker);
  }

  /** What the server felt since the window began; begins a new one. */
  async vitals(): Promise<GetVitalsResponse> {
    const vitals = await this.#vitals.getVitals({ window: this.#window, restartWindow: true });
    this.#window = vitals.window;
    return vitals;
  }

  async close(): Promise<void> {
    await this.bursts.close();
    await this.#server.close();
    await this.#worker?.close();
  }
}

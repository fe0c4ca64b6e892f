import { fromJsonString } from "@bufbuild/protobuf";
import type { Client } from "@connectrpc/connect";
import { createVitalsClient } from "../client/client.ts";
import type { GetVitalsResponse, VitalsService } from "../gen/unblock/v1/vitals_pb.ts";
import { type Burst, fireBurst } from "../loadtest/burst.ts";
import { type Bystander, createBystander } from "../loadtest/bystander.ts";
import { createDriver } from "../loadtest/drivers/create-driver.ts";
import type { Driver } from "../loadtest/drivers/driver.ts";
import { type ServerProcess, startServer } from "../loadtest/server-process.ts";
import { warmUp } from "../loadtest/warm-up.ts";
import { startWorker, type WorkerProcess } from "../loadtest/worker-process.ts";
import type { Exercise } from "../registry/exercises.ts";

/** A server in a process of its own, with everything that measures it connected. */
export class Rig {
  readonly #server: ServerProcess;
  readonly #driver: Driver;
  readonly #bystander: Bystander;
  readonly #vitals: Client<typeof VitalsService>;
  readonly #worker: WorkerProcess | undefined;

  private constructor(
    server: ServerProcess,
    driver: Driver,
    bystander: Bystander,
    worker: WorkerProcess | undefined,
  ) {
    this.#server = server;
    this.#driver = driver;
    this.#bystander = bystander;
    this.#worker = worker;
    this.#vitals = createVitalsClient({ baseUrl: server.url, protocol: "grpc" });
  }

  /**
   * @param flags those of `npm start`
   * @param cpuWorkers how many a worker of the job queue has, if there is a Redis for one
   */
  static async open(flags: readonly string[], cpuWorkers = 1): Promise<Rig> {
    const server = await startServer(flags);
    const driver = createDriver({ baseUrl: server.url, protocol: "grpc" });
    const [bystander] = await Promise.all([createBystander(server.url), driver.connect()]);
    const worker = process.env.REDIS_URL
      ? await startWorker([`--cpu-workers=${cpuWorkers}`])
      : undefined;
    const rig = new Rig(server, driver, bystander, worker);
    await warmUp(driver);
    return rig;
  }

  /** Fires `calls` calls of an exercise at once. */
  fire(exercise: Exercise, strategy: string, calls: number): Promise<Burst> {
    const sends = Array.from({ length: calls }, (_, index) =>
      this.#driver.prepare({
        method: exercise.method,
        request: fromJsonString(exercise.method.input, exercise.burst.requestJson(index + 1)),
        header: { "unblock-strategy": strategy },
        timeoutMs: 0,
      }),
    );
    return fireBurst(sends, this.#bystander);
  }

  /** What the server felt since the window began; begins a new one. */
  vitals(): Promise<GetVitalsResponse> {
    return this.#vitals.getVitals({ restartWindow: true });
  }

  async close(): Promise<void> {
    this.#driver.close();
    await this.#bystander.close();
    await this.#server.close();
    await this.#worker?.close();
  }
}

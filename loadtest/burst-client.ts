import { fromJsonString } from "@bufbuild/protobuf";
import type { Exercise } from "../registry/exercises.ts";
import { type Burst, type BurstWatch, fireBurst } from "./burst.ts";
import { type Bystander, createBystander } from "./bystander.ts";
import { createDriver } from "./drivers/create-driver.ts";
import type { Driver } from "./drivers/driver.ts";
import { warmUp } from "./warm-up.ts";

/** Cooldown before each burst, in which the server's event loop becomes idle. */
export const restMs = 20;

/** Fires bursts at a server on this machine, with the probe in its own thread. */
export class BurstClient {
  readonly #driver: Driver;
  readonly #bystander: Bystander;
  readonly #callTimeoutMs: number;

  private constructor(driver: Driver, bystander: Bystander, callTimeoutMs: number) {
    this.#driver = driver;
    this.#bystander = bystander;
    this.#callTimeoutMs = callTimeoutMs;
  }

  /**
   * Connects and warms up the code of both sides.
   *
   * @param callTimeoutMs deadline of each call; 0 for none
   */
  static async open(baseUrl: string, callTimeoutMs: number): Promise<BurstClient> {
    const driver = createDriver({ baseUrl, protocol: "grpc", tls: { insecure: true } });
    const [bystander] = await Promise.all([createBystander(baseUrl), driver.connect()]);
    await warmUp(driver);
    return new BurstClient(driver, bystander, callTimeoutMs);
  }

  /** Fires `calls` calls of an exercise at once. */
  fire(exercise: Exercise, strategy: string, calls: number, watch?: BurstWatch): Promise<Burst> {
    const sends = Array.from({ length: calls }, (_, index) =>
      this.#driver.prepare({
        method: exercise.method,
        request: fromJsonString(exercise.method.input, exercise.burst.requestJson(index + 1)),
        header: { "unblock-strategy": strategy },
        timeoutMs: this.#callTimeoutMs,
      }),
    );
    return fireBurst(sends, this.#bystander, watch);
  }

  async close(): Promise<void> {
    this.#driver.close();
    await this.#bystander.close();
  }
}

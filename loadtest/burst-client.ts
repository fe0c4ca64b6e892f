import { fromJsonString } from "@bufbuild/protobuf";
import type { Exercise } from "@unblock/proto/exercises";
import { type Burst, type BurstWatch, fireBurst } from "./burst.ts";
import { createDriver } from "./drivers/create-driver.ts";
import type { Driver } from "./drivers/driver.ts";
import { createProbe, type Probe } from "./probe.ts";
import { warmUp } from "./warm-up.ts";

/** Cooldown before each burst, in which the server's event loop becomes idle. */
export const cooldownMs = 20;

/** Fires bursts at a server on this machine, with the probe in its own thread. */
export class BurstClient {
  readonly #driver: Driver;
  readonly #probe: Probe;
  readonly #callTimeoutMs: number;

  private constructor(driver: Driver, probe: Probe, callTimeoutMs: number) {
    this.#driver = driver;
    this.#probe = probe;
    this.#callTimeoutMs = callTimeoutMs;
  }

  /**
   * Connects and warms up the code of both sides.
   *
   * @param callTimeoutMs deadline of each call; 0 for none
   */
  static async open(baseUrl: string, callTimeoutMs: number): Promise<BurstClient> {
    const driver = createDriver({ baseUrl, protocol: "grpc", tls: { insecure: true } });
    const [probe] = await Promise.all([createProbe(baseUrl), driver.connect()]);
    await warmUp(driver);
    return new BurstClient(driver, probe, callTimeoutMs);
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
    return fireBurst(sends, this.#probe, watch);
  }

  async close(): Promise<void> {
    this.#driver.close();
    await this.#probe.close();
  }
}

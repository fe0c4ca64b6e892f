import { fromJsonString } from "@bufbuild/protobuf";
import { type Burst, fireBurst } from "../../loadtest/burst.ts";
import { createBystander } from "../../loadtest/bystander.ts";
import { createDriver } from "../../loadtest/drivers/create-driver.ts";
import { startServer } from "../../loadtest/server-process.ts";
import { warmUp } from "../../loadtest/warm-up.ts";
import { exercises } from "../../registry/exercises.ts";

export interface BurstOptions {
  /** The exercise's letter. */
  readonly letter: string;
  readonly strategy: string;
  readonly calls: number;
}

/** A server in a process of its own that can be sent bursts. */
export interface BurstServer {
  /** Sends the calls at once. @throws Error when one of them fails */
  fire(options: BurstOptions): Promise<Burst>;
  close(): Promise<void>;
}

/** @param flags those of `npm start` */
export async function startBurstServer(flags: readonly string[] = []): Promise<BurstServer> {
  const server = await startServer(flags);
  const driver = createDriver({ baseUrl: server.url, protocol: "grpc" });
  const [bystander] = await Promise.all([createBystander(server.url), driver.connect()]);
  await warmUp(driver);
  return {
    fire: async ({ letter, strategy, calls }) => {
      const exercise = exercises.find((candidate) => candidate.letter === letter);
      if (exercise === undefined) {
        throw new Error(`Expected an exercise's letter, got ${letter}`);
      }
      const sends = Array.from({ length: calls }, (_, index) =>
        driver.prepare({
          method: exercise.method,
          request: fromJsonString(exercise.method.input, exercise.burst.requestJson(index + 1)),
          header: { "unblock-strategy": strategy },
          timeoutMs: 0,
        }),
      );
      const burst = await fireBurst(sends, bystander);
      const failed = burst.calls.find(({ code }) => code !== "ok");
      if (failed) {
        throw new Error(`Expected all calls to be answered, got ${failed.code}: ${failed.message}`);
      }
      return burst;
    },
    close: async () => {
      driver.close();
      await bystander.close();
      await server.close();
    },
  };
}

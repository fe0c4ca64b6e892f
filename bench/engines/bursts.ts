import type { Burst } from "../../loadtest/burst.ts";
import { BurstClient } from "../../loadtest/burst-client.ts";
import { startServer } from "../../loadtest/server-process.ts";
import { findExercise } from "../../registry/exercises.ts";

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
  const client = await BurstClient.open(server.url, 0);
  return {
    fire: async ({ letter, strategy, calls }) => {
      const exercise = findExercise(letter);
      if (exercise === undefined) {
        throw new Error(`Expected an exercise's letter, got ${letter}`);
      }
      const burst = await client.fire(exercise, strategy, calls);
      const failed = burst.calls.find(({ code }) => code !== "ok");
      if (failed) {
        throw new Error(`Expected all calls to be answered, got ${failed.code}: ${failed.message}`);
      }
      return burst;
    },
    close: async () => {
      await client.close();
      await server.close();
    },
  };
}

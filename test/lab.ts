import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLabClient } from "@unblock/client/client";
import type { RaceResponse } from "@unblock/proto/gen/lab";
import type { ServerConfig } from "@unblock/server/config";
import { commandLineOf, descendantsOf } from "./processes.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

/** A server with a folder of its own for runs, and a client of its LabService. */
export interface TestLab extends TestServer {
  readonly lab: ReturnType<typeof createLabClient>;
  readonly runsFolder: string;
}

/** @param config with `runsFolder`, the folder is kept when the server is closed */
export async function startTestLab(config: Partial<ServerConfig> = {}): Promise<TestLab> {
  const runsFolder = config.runsFolder ?? (await mkdtemp(join(tmpdir(), "runs-test-")));
  const small = { cpuWorkers: 2, blockingThreads: 4, processes: 1 };
  const server = await startTestServer({ ...small, ...config, runsFolder });
  return {
    ...server,
    lab: createLabClient({ baseUrl: server.url }),
    runsFolder,
    close: async () => {
      await server.close();
      if (config.runsFolder === undefined) {
        await rm(runsFolder, { recursive: true, force: true });
      }
    },
  };
}

/** Ids of the processes that run races and load tests for the server of a process. */
export function firingOf(serverPid = process.pid): number[] {
  const isFiring = (pid: number) => /\/lab\/(race|load)\/main\.ts$/.test(commandLineOf(pid));
  return descendantsOf(serverPid).filter(isFiring);
}

export type RaceEvent = RaceResponse["event"];

/** Runs a race to its end. @returns all events */
export async function runRace(
  { lab }: Pick<TestLab, "lab">,
  request: { exercise: string; strategies: string[]; calls?: number },
): Promise<RaceEvent[]> {
  const events: RaceEvent[] = [];
  for await (const { event } of lab.race(request)) {
    events.push(event);
  }
  return events;
}

/** Takes several seconds. */
const longRace = { exercise: "B", strategies: ["blocking-pool"], calls: 800 };
export const longLoad = { exercise: "H", ratePerSecond: 1, durationS: 60 };
/** Ends within a second. */
export const shortRace = { exercise: "H", strategies: ["parallel"] };

export interface BegunRun {
  readonly events: AsyncIterator<unknown>;
  cancel(): void;
}

/** Starts a long run, and resolves with its first event received. */
export async function beginRun(
  { lab }: Pick<TestLab, "lab">,
  kind: "race" | "load",
): Promise<BegunRun> {
  const caller = new AbortController();
  const { signal } = caller;
  const stream = kind === "race" ? lab.race(longRace, { signal }) : lab.load(longLoad, { signal });
  const events = stream[Symbol.asyncIterator]();
  await events.next();
  return { events, cancel: () => caller.abort() };
}

/** Reads the events of a run to their end. @throws the error that ends them */
export async function drain({ events }: BegunRun): Promise<void> {
  while (!(await events.next()).done);
}

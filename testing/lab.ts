import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLabClient } from "../client/client.ts";
import type { RaceResponse } from "../gen/unblock/v1/lab_pb.ts";
import type { ServerConfig } from "../server/config.ts";
import { commandLineOf, descendantsOf } from "./processes.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

/** A server that keeps its runs in a folder of its own, and a client of its LabService. */
export interface TestLab extends TestServer {
  readonly lab: ReturnType<typeof createLabClient>;
  readonly runsFolder: string;
}

/** @param config may have the `runsFolder` of another, which then stays when this one is closed */
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

/** The processes that fire at the server of this process, or of another. */
export function firingOf(serverPid = process.pid): number[] {
  const isFiring = (pid: number) => /\/lab\/(race|load)\/main\.ts$/.test(commandLineOf(pid));
  return descendantsOf(serverPid).filter(isFiring);
}

export type RaceEvent = RaceResponse["event"];

/** All events of a race, which goes to its end. */
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

/** Takes some seconds, so that there is time to do something meanwhile. */
const longRace = { exercise: "B", strategies: ["threads"], calls: 800 };
export const longLoad = { exercise: "H", ratePerSecond: 1, durationS: 60 };
/** Over at once. */
export const shortRace = { exercise: "H", strategies: ["parallel"] };

export interface BegunRun {
  readonly events: AsyncIterator<unknown>;
  cancel(): void;
}

/** Begins a run that takes long, and resolves when its first event has come. */
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

/** Takes a run's events to their end, and throws what ends them. */
export async function drain({ events }: BegunRun): Promise<void> {
  while (!(await events.next()).done);
}

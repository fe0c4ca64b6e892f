import {
  BroadcastChannel,
  getEnvironmentData,
  receiveMessageOnPort as receive,
  setEnvironmentData,
  threadId,
} from "node:worker_threads";
import { BlockageTally } from "./blocked-loop.ts";
import type { Diagnosis, DiagnosisWatch } from "./diagnosis.ts";
import { type PauseData, PauseWatch } from "./process-paused.ts";
import { OccasionalProfile } from "./profile-witness.ts";
import { isOwnCode, shownPath } from "./stack.ts";
import { type Blockage, watchLoop } from "./watch-loop.ts";

declare module "node:worker_threads" {
  /** Documented by Node, and missing in its types. */
  function receiveMessageOnPort(port: BroadcastChannel): { message: WorkerReport } | undefined;
}

interface WorkerReport {
  readonly threadId: number;
  /** File that the thread was started with. */
  readonly file: string;
  readonly blockages: readonly Blockage[];
}

/** Key of Node's environment data by which worker threads get the pauses of the process. */
const pausesKey = "unblock diagnose";
/** BroadcastChannel by which they report. */
const channelName = "unblock diagnose: blocked workers";
const reportIntervalMs = 250;
/** Further files are ignored: a program can make up one for each thread. */
const maxFiles = 100;

/** Diagnoses the event loops of the program's worker threads, in the main thread. */
export class WorkerLoopsWatch implements DiagnosisWatch {
  readonly #channel = new BroadcastChannel(channelName);
  readonly #byFile = new Map<string, { tally: BlockageTally; threadIds: Set<number> }>();

  /** Threads that are started from now on report. */
  constructor(pauses: PauseData) {
    this.#channel.onmessage = ({ data }: { data: WorkerReport }) => this.#add(data);
    this.#channel.unref();
    setEnvironmentData(pausesKey, pauses);
  }

  /** Threads of one file are one. */
  diagnoses(): Diagnosis[] {
    // No event is emitted while the process exits.
    for (let received = receive(this.#channel); received; received = receive(this.#channel)) {
      this.#add(received.message);
    }
    return [...this.#byFile].flatMap(([file, { tally, threadIds }]) =>
      tally.diagnoses({ file, ids: [...threadIds].sort((a, b) => a - b) }),
    );
  }

  #add({ file, threadId, blockages }: WorkerReport): void {
    const blocked = this.#byFile.get(file) ?? { tally: new BlockageTally(), threadIds: new Set() };
    blocked.tally.add(blockages);
    blocked.threadIds.add(threadId);
    if (this.#byFile.size < maxFiles) {
      this.#byFile.set(file, blocked);
    }
  }
}

/** Watches the event loop of the calling worker thread, and reports its blockages to the main thread. */
export function watchWorker(): void {
  const data = getEnvironmentData(pausesKey);
  if (!isPauseData(data)) {
    return;
  }
  const profile = new OccasionalProfile();
  const loop = watchLoop([profile], isOwnCode, new PauseWatch(data));
  const file = shownPath(process.argv[1] ?? "");
  const report = (blockages: readonly Blockage[]) => {
    if (profile.beginIfUseful(blockages)) {
      loop.skip();
    }
    if (blockages.length > 0) {
      // Closed again, as it also receives the reports of other threads, which nobody reads here.
      const channel = new BroadcastChannel(channelName);
      channel.postMessage({ threadId, file, blockages } satisfies WorkerReport);
      channel.close();
    }
  };
  setInterval(() => report(loop.take()), reportIntervalMs).unref();
  process.once("exit", () => report(loop.takeAll()));
}

/** There is none if the main thread is not watched. */
function isPauseData(data: unknown): data is PauseData {
  return typeof data === "object" && data !== null && "cells" in data && "times" in data;
}

import { BroadcastChannel, receiveMessageOnPort, setEnvironmentData } from "node:worker_threads";
import { BlockageTally } from "./blocked-loop.ts";
import type { Diagnosis } from "./diagnosis.ts";
import type { PauseData } from "./watch-thread-data.ts";
import {
  type WorkerReport,
  type WorkerWatchData,
  workerChannel,
  workerDataKey,
} from "./worker-data.ts";

declare module "node:worker_threads" {
  /** As Node documents it, and its types do not have yet. */
  function receiveMessageOnPort(port: BroadcastChannel): { message: WorkerReport } | undefined;
}

/** More files than that are not told apart: what a program makes up for each thread has no end. */
const maxFiles = 100;

interface Blocked {
  readonly tally: BlockageTally;
  readonly threadIds: Set<number>;
}

/** Collects what worker threads of the program report of their event loops. See watch-worker.ts. */
export class BlockedWorkers {
  readonly #channel = new BroadcastChannel(workerChannel);
  readonly #byFile = new Map<string, Blocked>();

  /** Threads that are started from now on report. */
  constructor(pauses: PauseData) {
    this.#channel.onmessage = ({ data }: { data: WorkerReport }) => this.#add(data);
    this.#channel.unref();
    const data: WorkerWatchData = { pauses };
    setEnvironmentData(workerDataKey, data);
  }

  /** What was reported up to now; threads of one file are one. */
  diagnoses(): Diagnosis[] {
    this.#receive();
    return [...this.#byFile].flatMap(([file, { tally, threadIds }]) =>
      tally.diagnoses({ file, ids: [...threadIds].sort((a, b) => a - b) }),
    );
  }

  close(): void {
    this.#channel.close();
  }

  /** At once: at the end of the process no event comes any more. */
  #receive(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#channel);
      if (received === undefined) {
        return;
      }
      this.#add(received.message);
    }
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

import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { sharedSlot } from "@unblock/executors/executor";
import { redisEndpoint, throughLocalPort } from "@unblock/executors/queue/redis-url";
import { withTimeout } from "@unblock/executors/waiting";
import type { BackendAddresses, Backends, BackendsReading } from "../backends.ts";
import { disconnectCache } from "../cache.ts";
import { CallCounter } from "../call-counts.ts";
import { createDatabaseFile } from "../database.ts";
import { ordinaryPath } from "../disk.ts";
import type { ImageHosts } from "../images.ts";
import type { BackendCounts, CountsReply, CountsRequest } from "./process.ts";
import { content, freeReaders } from "./slow-disk.ts";
import type {
  BackendsUp,
  SupervisorData,
  SupervisorMessage,
  SupervisorRequest,
} from "./supervisor.ts";

interface EmbeddedConfig {
  /** Hosts that images may come from besides the embedded images service. */
  readonly imageHosts: ImageHosts;
  /** A real Redis that replaces the embedded cache. Default: none. */
  readonly redisUrl?: string | undefined;
  readonly log: (message: string) => void;
}

interface EmbeddedBackends extends Backends {
  /**
   * Backends for the server's own calls during the warm-up: all embedded, so that a user's Redis
   * gets no keys from them, and with an ordinary file as disk, because the slow one's files are
   * created one by one.
   */
  rehearsalAddresses(): BackendAddresses;
}

/** Starts the embedded backends; resolves when all are ready. */
export async function openEmbeddedBackends({
  imageHosts,
  redisUrl,
  log,
}: EmbeddedConfig): Promise<EmbeddedBackends> {
  const folder = mkdtempSync(join(tmpdir(), "unblock-"));
  const redis = redisUrl === undefined ? undefined : redisEndpoint(redisUrl);
  const workerData: SupervisorData = { folder, redis };
  const supervisor = new Worker(new URL("./supervisor.ts", import.meta.url), { workerData });
  const send = (request: SupervisorRequest) => supervisor.postMessage(request);
  const database = { path: join(folder, "users.db"), counts: CallCounter.buffer() };
  const databaseCounter = new CallCounter(database.counts);
  const countRequests = new CountRequests(send);
  const addressesOf = ({ httpPort, cachePort, relayPort, disk }: BackendsUp) => {
    const url = (name: string) => `http://127.0.0.1:${httpPort}/${name}`;
    const rehearsal: BackendAddresses = {
      database,
      postgres: undefined,
      disk: { folder, nextNumber: undefined },
      configFile: undefined,
      cacheUrl: `redis://127.0.0.1:${cachePort}`,
      weatherUrl: url("weather"),
      analyticsUrl: url("analytics"),
      dashboardUrls: [1, 2, 3, 4, 5].map((number) => url(`service-${number}`)),
      imageHosts: { "example.com": url("images"), ...imageHosts },
    };
    const cacheUrl =
      redisUrl === undefined || relayPort === undefined
        ? rehearsal.cacheUrl
        : throughLocalPort(redisUrl, relayPort);
    const served: BackendAddresses = { ...rehearsal, disk, cacheUrl };
    return { served, rehearsal };
  };

  const { promise: started, resolve, reject } = Promise.withResolvers<void>();
  /** Undefined until the first start; the previous ones while the backends are down. */
  let current: ReturnType<typeof addressesOf> | undefined;
  let pid: number | undefined;

  supervisor.on("error", reject);
  supervisor.on("message", (message: SupervisorMessage) => {
    switch (message.kind) {
      case "up":
        if (current) {
          log("The embedded backends are back.");
        } else if (!message.fifos) {
          log("There is no mkfifo here: the slow disk is an ordinary file, and not slow.");
        }
        current = addressesOf(message);
        pid = message.pid;
        resolve();
        break;
      case "down":
        pid = undefined;
        log(`The embedded backends died (${message.reason}); starting them again.`);
        reject(new Error(`The embedded backends died at their start: ${message.reason}`));
        countRequests.onDown();
        break;
      case "counts":
        countRequests.onReply(message);
        break;
    }
  });

  const whenStarted = () => {
    if (current === undefined) {
      throw new Error("Expected the embedded backends to have started");
    }
    return current;
  };

  // Exiting without close() waits for all threads, and one may be blocked on the disk.
  const onExit = () => {
    try {
      if (pid !== undefined && current) {
        process.kill(pid, "SIGKILL");
        freeReaders(current.served.disk.folder);
      }
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    } catch {
      // A killed process may create files until it is dead; an exception here would prevent the
      // exit.
    }
  };
  process.once("exit", onExit);

  const close = async () => {
    process.off("exit", onExit);
    await disconnectCache();
    send("close");
    await once(supervisor, "exit");
    rmSync(folder, { recursive: true, force: true });
  };

  // Runs while the backend process starts.
  createDatabaseFile(database.path);
  writeFileSync(ordinaryPath(folder), content);
  try {
    await started;
  } catch (error) {
    await close();
    throw error;
  }

  return {
    external: redisUrl === undefined ? [] : ["REDIS_URL"],
    addresses: () => whenStarted().served,
    rehearsalAddresses: () => whenStarted().rehearsal,
    counts: async (slot = sharedSlot, restartSlot) => {
      const own = { name: "database", pid: process.pid, ...databaseCounter.counts(slot) };
      if (restartSlot !== undefined) {
        databaseCounter.restartWindow(restartSlot);
      }
      const { counts, unknown } = await countRequests.ask({ slot, restartSlot });
      return { counts: [own, ...counts], unknown };
    },
    close,
  };
}

const waitMs = 500;
/** Max unanswered requests; more get an error at once. */
const maxUnanswered = 32;

/** Requests counts from the backend process, which may not respond. */
class CountRequests {
  readonly #send: (request: CountsRequest) => void;
  readonly #unanswered = new Map<number, (counts: BackendCounts | undefined) => void>();
  #lastId = 0;

  constructor(send: (request: CountsRequest) => void) {
    this.#send = send;
  }

  async ask(terms: Omit<CountsRequest, "id">): Promise<BackendsReading> {
    const { promise, resolve } = Promise.withResolvers<BackendCounts | undefined>();
    if (this.#unanswered.size < maxUnanswered) {
      const id = ++this.#lastId;
      this.#unanswered.set(id, resolve);
      this.#send({ id, ...terms });
    } else {
      resolve(undefined);
    }
    const counts = await withTimeout(waitMs, promise).catch(() => undefined);
    return counts === undefined
      ? { counts: [], unknown: "The backend process does not respond." }
      : { counts, unknown: undefined };
  }

  onReply({ id, counts }: CountsReply): void {
    this.#unanswered.get(id)?.(counts);
    this.#unanswered.delete(id);
  }

  /** The process has died and will not respond. */
  onDown(): void {
    for (const id of [...this.#unanswered.keys()]) {
      this.onReply({ id, counts: undefined });
    }
  }
}

import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { sharedSlot } from "@unblock/executors/executor";
import { redisEndpoint, throughLocalPort } from "@unblock/executors/queue/redis-url";
import { TimedOut, withTimeout } from "@unblock/executors/waiting";
import type { BackendAddresses, Backends, BackendsReading } from "../backends.ts";
import { disconnectCache } from "../cache.ts";
import { CallCounter } from "../call-counts.ts";
import { createDatabaseFile } from "../database.ts";
import { ordinaryPath } from "../disk.ts";
import type { ImageHosts } from "../images.ts";
import type {
  BackendCounts,
  CountsReply,
  CountsRequest,
  SupervisorData,
  SupervisorMessage,
} from "./messages.ts";
import { content, freeReaders } from "./slow-disk.ts";

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
  const supervisorData: SupervisorData = { folder, redis };
  const supervisor = new Worker(new URL("./supervisor.ts", import.meta.url), {
    workerData: supervisorData,
  });
  const database = { path: join(folder, "users.db"), counts: CallCounter.buffer() };
  const databaseCounter = new CallCounter(database.counts);
  const countRequests = new CountRequests((request) => supervisor.postMessage(request));
  const started = Promise.withResolvers<void>();
  let addresses: BackendAddresses | undefined;
  let rehearsalAddresses: BackendAddresses | undefined;
  let pid: number | undefined;

  supervisor.on("error", started.reject);
  supervisor.on("message", (message: SupervisorMessage) => {
    switch (message.kind) {
      case "up":
        if (addresses) {
          log("The embedded backends are back.");
        } else if (!message.disk.nextNumber) {
          log("There is no mkfifo here: the slow disk is an ordinary file, and not slow.");
        }
        rehearsalAddresses = embeddedAddresses(message);
        addresses = {
          ...rehearsalAddresses,
          disk: message.disk,
          cacheUrl:
            redisUrl === undefined || message.relayPort === undefined
              ? rehearsalAddresses.cacheUrl
              : throughLocalPort(redisUrl, message.relayPort),
        };
        pid = message.pid;
        started.resolve();
        break;
      case "down":
        pid = undefined;
        log(`The embedded backends died (${message.reason}); starting them again.`);
        started.reject(new Error(`The embedded backends died at their start: ${message.reason}`));
        countRequests.onDown();
        break;
      case "counts":
        countRequests.onReply(message.reply);
        break;
    }
  });

  const embeddedAddresses = (up: Extract<SupervisorMessage, { kind: "up" }>): BackendAddresses => {
    const url = (name: string) => `http://127.0.0.1:${up.httpPort}/${name}`;
    return {
      database,
      postgres: undefined,
      disk: { folder, nextNumber: undefined },
      configFile: undefined,
      cacheUrl: `redis://127.0.0.1:${up.cachePort}`,
      weatherUrl: url("weather"),
      analyticsUrl: url("analytics"),
      dashboardUrls: [1, 2, 3, 4, 5].map((number) => url(`service-${number}`)),
      imageHosts: { "example.com": url("images"), ...imageHosts },
    };
  };

  // Exiting without close() waits for all threads, and one may be blocked on the disk.
  const onExit = () => {
    try {
      if (pid !== undefined && addresses) {
        process.kill(pid, "SIGKILL");
        freeReaders(addresses.disk.folder);
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
    supervisor.postMessage("close");
    await once(supervisor, "exit");
    rmSync(folder, { recursive: true, force: true });
  };

  // Runs while the backend process starts.
  createDatabaseFile(database.path);
  writeFileSync(ordinaryPath(folder), content);
  try {
    await started.promise;
  } catch (error) {
    await close();
    throw error;
  }

  return {
    engines: redisUrl === undefined ? [] : ["REDIS_URL"],
    addresses: () => whenStarted(addresses),
    rehearsalAddresses: () => whenStarted(rehearsalAddresses),
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

function whenStarted(addresses: BackendAddresses | undefined): BackendAddresses {
  if (addresses === undefined) {
    throw new Error("Expected the embedded backends to have started");
  }
  return addresses;
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
    if (this.#unanswered.size >= maxUnanswered) {
      return unknown(`The backend process has left ${maxUnanswered} requests unanswered.`);
    }
    const id = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<BackendCounts | undefined>();
    this.#unanswered.set(id, resolve);
    this.#send({ id, ...terms });
    try {
      const counts = await withTimeout(waitMs, promise);
      return counts === undefined
        ? unknown("The backend process has died and is started again.")
        : { counts, unknown: undefined };
    } catch (error) {
      if (error instanceof TimedOut) {
        return unknown(`The backend process did not answer within ${waitMs} ms.`);
      }
      throw error;
    }
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

function unknown(reason: string): BackendsReading {
  return { counts: [], unknown: reason };
}

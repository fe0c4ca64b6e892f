import { fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { JsonValue } from "@bufbuild/protobuf";
import { freeReaders, readyFifos } from "@unblock/backends/embedded/slow-disk";
import type { Mood } from "@unblock/exercises/check-plan";
import { childEnvironment } from "@unblock/terminal/process";
import type { WorldAddresses } from "../../service/channel.ts";
import { HarnessTrouble } from "../faults.ts";
import { Holdings } from "./holdings.ts";
import type { Restart, Seen, WorldMessage, WorldRequest } from "./log.ts";

/** The check's backends of a learner's service. */
export class World {
  readonly addresses: WorldAddresses;
  /** Queries, and blocking work of the toolbox. */
  readonly holdings: Holdings;
  readonly #process: ReturnType<typeof start>;
  readonly #firstMark: string;
  #mark: string;
  #windows = 0;
  #lastId = 0;

  private constructor(addresses: WorldAddresses, mark: string, process: ReturnType<typeof start>) {
    this.addresses = addresses;
    this.#firstMark = mark;
    this.#mark = mark;
    this.holdings = new Holdings(addresses.holdingsPath);
    this.#process = process;
  }

  /** @throws HarnessTrouble when the process does not start */
  static async open(): Promise<World> {
    const mark = randomBytes(2).toString("hex");
    const process = start(mark);
    return new World(await Promise.race([process.ready, process.gone]), mark, process);
  }

  /** Part of the values of this window, so that nobody can know them before, or keep them. */
  get mark(): string {
    return this.#mark;
  }

  /**
   * Begins a new window.
   *
   * @param requests calls that may be made, whose values change
   * @param forget a key that the cache forgets from now on
   */
  async restart(mood: Mood, requests: readonly JsonValue[] = [], forget?: string): Promise<void> {
    this.#mark = `${this.#firstMark}${(++this.#windows).toString(36)}`;
    await this.#ask({ mood, mark: this.#mark, requests, forget });
    this.holdings.restart();
  }

  /** Returns what was seen since the window began. */
  seen(): Promise<Seen> {
    return this.#ask(undefined);
  }

  async close(): Promise<void> {
    const { child, folder } = this.#process;
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    try {
      freeReaders(join(folder, "disk"));
    } catch {
      // There is none (yet).
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  }

  #ask(restart: Restart | undefined): Promise<Seen> {
    const id = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<Seen>();
    const { child, waiting, gone } = this.#process;
    waiting.set(id, resolve);
    child.send({ id, ...(restart && { restart }) } satisfies WorldRequest, () => {});
    return Promise.race([promise, gone]);
  }
}

function start(mark: string) {
  // SQLite names its file by its real path.
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "unblock-world-"));
  const child = fork(new URL("./world-process.ts", import.meta.url), [folder, mark], {
    execArgv: [],
    serialization: "advanced",
    // The check handles a terminal's Ctrl-C, which would reach this process's children, too.
    detached: true,
    // Each file of the disk needs a thread of libuv's pool.
    env: { ...childEnvironment(), UV_THREADPOOL_SIZE: String(2 * readyFifos) },
  });
  const ready = Promise.withResolvers<WorldAddresses>();
  const waiting = new Map<number, (seen: Seen) => void>();
  child.on("message", (message: WorldMessage) => {
    if (message.kind === "ready") {
      ready.resolve(message.addresses);
      return;
    }
    waiting.get(message.id)?.(message.seen);
    waiting.delete(message.id);
  });
  const { promise: gone, reject } = Promise.withResolvers<never>();
  // Handled by those who await it; it never resolves.
  gone.catch(() => {});
  child.once("error", (error) => reject(new HarnessTrouble(`no backends: ${error.message}`)));
  child.once("exit", (code, signal) => {
    reject(new HarnessTrouble(`the check's backends ended (${signal ?? `exit code ${code}`})`));
  });
  return { child, folder, waiting, ready: ready.promise, gone };
}

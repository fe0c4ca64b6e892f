import { type ChildProcess, fork } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable, Writable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { deserialize } from "node:v8";
import {
  type Answer,
  type Ask,
  type Message,
  messagesFd,
  type Request,
  requestsFd,
  type ServiceOptions,
} from "../../service/channel.ts";
import type { LastWords } from "../../service/last-words.ts";
import {
  endMs,
  explainEnd,
  outputBytes,
  type Stage,
  tampering,
  tookTooMuch,
  withStuckLine,
} from "../faults.ts";
import { endProcesses, type LeftProcess, processesWith } from "./process-tree.ts";
import type { SupervisorMessage, SupervisorRequest } from "./supervisor.ts";

const supervisor = new URL("./supervisor.ts", import.meta.url);
const cacheFolder = fileURLToPath(new URL("../../../node_modules/.cache/node", import.meta.url));
/** Characters kept of standard error. */
const keptStderr = 10_000;
/** Time that the pipes of a dead process may take to end. */
export const lastOutputMs = 3_000;
/** Time in which a busy machine reports the end of a process. */
const endKnownMs = 3_000;
const pollMs = 50;
/** Kills at most, of processes whose supervisor was ended. */
const attempts = 100;
const lastWordKinds: ReadonlySet<Message["kind"]> = new Set([
  "exit",
  "uncaught",
  "memory",
  "stuck",
]);

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly left: readonly LeftProcess[];
}

/** The process of a learner's service. It ends with everything that it started, and leaves nothing. */
export class ServiceProcess {
  /** Rejects with the reason when the process has ended by itself; never resolves. */
  readonly died: Promise<never>;
  /** Resolves when the process and everything that it started have ended. */
  readonly exited: Promise<Ended>;
  readonly #supervisor: ChildProcess;
  readonly #folder = join(tmpdir(), `unblock-learn-${randomBytes(6).toString("hex")}`);
  readonly #secret = randomBytes(16).toString("hex");
  readonly #lastWords: LastWords[] = [];
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #lastId = 0;
  #stage: Stage = "starting";
  #stderr = "";
  #printedBytes = 0;
  #hasExited = false;
  /** Why the check ended it; the first reason counts. */
  #reason: Error | undefined;

  constructor(
    options: ServiceOptions,
    libuvThreads: number,
    onMessage: (message: Message) => void,
  ) {
    this.#supervisor = fork(supervisor, [this.#folder, JSON.stringify(options)], {
      execArgv: [],
      env: environmentOf(libuvThreads, this.#folder),
      stdio: ["ignore", "pipe", "pipe", "pipe", "pipe", "ipc"],
      // The checker handles a terminal's Ctrl-C.
      detached: true,
    });
    const { promise: died, reject } = Promise.withResolvers<never>();
    // Whoever uses the service awaits it; without a user its rejection must not end the checker.
    died.catch(() => {});
    this.died = died;
    for (const stream of this.#supervisor.stdio) {
      // Reads and writes fail when the process is dead, which `died` reports.
      stream?.on("error", () => {});
    }
    this.#readOutput();
    this.#readMessages(onMessage);
    this.#write(this.#secret);
    this.exited = this.#waitForEnd().then((end) => {
      const lastWords = this.#lastWords;
      const how = { ...end, stage: this.#stage, stderr: this.#stderr, lastWords };
      reject(this.#reason ? withStuckLine(this.#reason, lastWords) : explainEnd(how));
      return end;
    });
  }

  /** Asks the service something. @returns never settles when the service ends before it has answered */
  ask(ask: Ask): Promise<Answer> {
    const id = ++this.#lastId;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#waiting.set(id, resolve);
    this.#write(JSON.stringify({ id, ...ask } satisfies Request));
    return promise;
  }

  /** Ends everything at once. */
  kill(reason: Error): void {
    this.#reason ??= reason;
    this.#request("kill");
    // The learner's code may have stopped the supervisor, or keep it busy.
    this.#supervisor.kill("SIGCONT");
    // The supervisor keeps this process alive while it runs, so that this timer need not.
    globalThis.setTimeout(() => this.#supervisor.kill("SIGKILL"), endMs).unref();
  }

  /** Asks the service to stop with SIGTERM. */
  askToStop(): void {
    this.#request("stop");
  }

  #request(request: SupervisorRequest): void {
    // It can't be sent only when everything is ending already.
    this.#supervisor.send(request, () => {});
  }

  #write(line: string): void {
    const pipe = this.#supervisor.stdio[requestsFd];
    if (pipe instanceof Writable) {
      pipe.write(`${line}\n`);
    }
  }

  #readOutput(): void {
    const { stdout, stderr } = this.#supervisor;
    const count = (chunk: Buffer) => {
      this.#printedBytes += chunk.length;
      if (this.#printedBytes > outputBytes) {
        const max = `${outputBytes / 1_000_000} MB`;
        this.kill(tookTooMuch(`printed more than ${max}, the limit, and was ended`));
      }
    };
    stdout?.on("data", count);
    stderr?.on("data", count);
    stderr?.on("data", (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk).slice(-keptStderr);
    });
  }

  #readMessages(onMessage: (message: Message) => void): void {
    const pipe = this.#supervisor.stdio[messagesFd];
    if (!(pipe instanceof Readable)) {
      return;
    }
    pipe.once("end", async () => {
      await setTimeout(endKnownMs, undefined, { ref: false });
      if (!this.#hasExited) {
        this.kill(tampering("closed the pipe on which the service speaks with the check"));
      }
    });
    createInterface({ input: pipe }).on("line", (line) => {
      if (!line.startsWith(`${this.#secret} `)) {
        this.kill(tampering("wrote to the pipe on which the service speaks with the check"));
        return;
      }
      if (this.#reason !== undefined) {
        // No later message can change why the service was ended.
        return;
      }
      const bytes = Buffer.from(line.slice(this.#secret.length + 1), "base64");
      const message: Message = deserialize(bytes);
      if (message.kind === "importing") {
        this.#stage = "importing";
      } else if (message.kind === "imported") {
        this.#stage = "serving";
      }
      if (message.kind === "tampering") {
        this.kill(tampering(message.text, message.line));
      } else if (isLastWords(message)) {
        this.#lastWords.push(message);
      } else if (message.kind === "answer") {
        this.#waiting.get(message.id)?.(message);
        this.#waiting.delete(message.id);
      } else {
        onMessage(message);
      }
    });
  }

  async #waitForEnd(): Promise<Ended> {
    let said: Exclude<SupervisorMessage, { kind: "exited" }> | undefined;
    this.#supervisor.on("message", (message: SupervisorMessage) => {
      if (message.kind === "exited") {
        this.#hasExited = true;
      } else {
        said = message;
      }
    });
    const closed = once(this.#supervisor, "close");
    const [code, signal] = await once(this.#supervisor, "exit");
    // The last messages may be read only after the exit is known.
    await Promise.race([closed, setTimeout(lastOutputMs, undefined, { ref: false })]);
    for (const stream of this.#supervisor.stdio) {
      stream?.destroy();
    }
    if (said?.kind === "ended") {
      if (said.tooMuch !== undefined) {
        this.#reason ??= tookTooMuch(`${said.tooMuch}, and all were ended`);
      }
      return said;
    }
    await this.#endWithoutSupervisor();
    if (said === undefined) {
      this.#reason ??= tampering("ended the process that watches over the service");
    } else {
      this.#stderr += said.problem;
    }
    return { code, signal, left: [] };
  }

  /** Does the work of a supervisor that was ended. */
  async #endWithoutSupervisor(): Promise<void> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const pids = processesWith("TMPDIR", this.#folder);
      if (pids.length === 0) {
        break;
      }
      endProcesses(pids);
      await setTimeout(pollMs);
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Environment of a service. @param folder for temporary files, which remain when it is killed */
function environmentOf(libuvThreads: number, folder: string): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  return {
    // The threads of the pools load the same modules, which are compiled once.
    NODE_COMPILE_CACHE: cacheFolder,
    ...inherited,
    TMPDIR: folder,
    UV_THREADPOOL_SIZE: String(libuvThreads),
  };
}

function isLastWords(message: Message): message is LastWords {
  return lastWordKinds.has(message.kind);
}

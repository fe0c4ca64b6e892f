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
  type LastWords,
  type Message,
  messagesFd,
  type Request,
  requestsFd,
  type ServiceOptions,
} from "../../service/channel.ts";
import {
  endMs,
  explainEnd,
  LearnerFault,
  outputBytes,
  type Stage,
  tampering,
  withPlace,
} from "../faults.ts";
import { endProcesses, processesWith } from "./process-tree.ts";
import type {
  LeftProcess,
  SupervisorMessage,
  SupervisorOptions,
  SupervisorRequest,
} from "./supervisor.ts";

const supervisor = new URL("./supervisor.ts", import.meta.url);
const service = fileURLToPath(new URL("../../service/main.ts", import.meta.url));
const preload = fileURLToPath(new URL("../../service/preload.ts", import.meta.url));
/** How much of standard error is kept, in characters. */
const keptStderr = 10_000;
/** What the pipes of a dead process may still take to end, in milliseconds. */
export const lastOutputMs = 3_000;
/** Between two looks whether a process has ended, in milliseconds. */
const lookMs = 50;
/** What the end of a service takes to be known on a busy machine, in milliseconds. */
const endKnownMs = 3_000;
/** How often those who have not are ended again. */
const attempts = 100;
const lastWordKinds: ReadonlySet<Message["kind"]> = new Set([
  "exit",
  "uncaught",
  "memory",
  "stuck",
]);

/** How it ended. */
interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly left: readonly LeftProcess[];
}

/** The process of a learner's service. It ends with all that it started, and nothing of it is left. */
export class ServiceProcess {
  /** Rejects when the process has ended unasked, with whose fault it is; never resolves. */
  readonly died: Promise<never>;
  readonly #supervisor: ChildProcess;
  readonly #folder = join(tmpdir(), `unblock-learn-${randomBytes(6).toString("hex")}`);
  readonly #secret = randomBytes(16).toString("hex");
  readonly #lastWords: LastWords[] = [];
  readonly #exited: Promise<Ended>;
  #stage: Stage = "starting";
  #stderr = "";
  #printedBytes = 0;
  #hasExited = false;
  /** Ends the supervisor. */
  #limit: NodeJS.Timeout | undefined;
  /** Why it was ended; the first reason counts. */
  #reason: Error | undefined;

  constructor(
    options: ServiceOptions,
    libuvThreads: number,
    onMessage: (message: Message) => void,
  ) {
    const started: SupervisorOptions = {
      folder: this.#folder,
      program: service,
      preload,
      argument: JSON.stringify(options),
    };
    this.#supervisor = fork(supervisor, [JSON.stringify(started)], {
      execArgv: [],
      env: serviceEnvironment(libuvThreads, this.#folder),
      stdio: ["ignore", "pipe", "pipe", "pipe", "pipe", "ipc"],
      // A terminal's Ctrl-C is ours.
      detached: true,
    });
    const { promise: died, reject } = Promise.withResolvers<never>();
    // Whoever works with the service hears of it; without this, nobody doing so would end the checker.
    died.catch(() => {});
    this.died = died;
    for (const stream of this.#supervisor.stdio) {
      // What can't be sent or read is so because the process is dead, and `died` tells.
      stream?.on("error", () => {});
    }
    this.#readOutput();
    this.#readMessages(onMessage);
    this.#write(`${this.#secret}\n`);
    this.#exited = this.#waitForEnd().then((end) => {
      const lastWords = this.#lastWords;
      const how = { ...end, stage: this.#stage, stderr: this.#stderr, lastWords };
      reject(this.#reason ? withPlace(this.#reason, lastWords) : explainEnd(how));
      return end;
    });
  }

  send(request: Request): void {
    this.#write(`${JSON.stringify(request)}\n`);
  }

  /** Ends everything at once. */
  kill(reason: Error): void {
    this.#reason ??= reason;
    this.#ask("kill");
    // Somebody may have stopped the supervisor, or keep it from its work.
    this.#supervisor.kill("SIGCONT");
    this.#limit ??= globalThis.setTimeout(() => this.#supervisor.kill("SIGKILL"), endMs);
  }

  /** Asks the service to stop, as whoever runs it would. */
  askToStop(): void {
    this.#ask("stop");
  }

  /** Resolves when it has ended, whyever, and nothing that it started is there any more. */
  exited(): Promise<Ended> {
    return this.#exited;
  }

  #ask(request: SupervisorRequest): void {
    // When it can't be sent all is ending already.
    this.#supervisor.send(request, () => {});
  }

  #write(line: string): void {
    const pipe = this.#supervisor.stdio[requestsFd];
    if (pipe instanceof Writable) {
      pipe.write(line);
    }
  }

  #readOutput(): void {
    const { stdout, stderr } = this.#supervisor;
    const count = (chunk: Buffer) => {
      this.#printedBytes += chunk.length;
      if (this.#printedBytes > outputBytes) {
        const most = `${outputBytes / 1_000_000} MB`;
        this.kill(new LearnerFault(`printed more than ${most}, the limit, and was ended`));
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
      // Of a service that has ended it is known soon.
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
        // Nothing that it says from now on can change why it was ended.
        return;
      }
      const bytes = Buffer.from(line.slice(this.#secret.length + 1), "base64");
      const message: Message = deserialize(bytes);
      this.#stage = stageAfter(message) ?? this.#stage;
      if (message.kind === "tampering") {
        this.kill(tampering(message.text, message.line));
      } else if (isLastWords(message)) {
        this.#lastWords.push(message);
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
    clearTimeout(this.#limit);
    // What was said may be read only after the end is known.
    await Promise.race([closed, setTimeout(lastOutputMs, undefined, { ref: false })]);
    for (const stream of this.#supervisor.stdio) {
      stream?.destroy();
    }
    if (said?.kind === "ended") {
      if (said.tooMuch !== undefined) {
        this.#reason ??= new LearnerFault(`${said.tooMuch}, and all were ended`);
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

  /** Somebody ended the supervisor, so its work is done here. */
  async #endWithoutSupervisor(): Promise<void> {
    for (let attempt = 0; attempt < attempts; attempt++) {
      const pids = processesWith("TMPDIR", this.#folder);
      if (pids.length === 0) {
        break;
      }
      endProcesses(pids);
      await setTimeout(lookMs);
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function isLastWords(message: Message): message is LastWords {
  return lastWordKinds.has(message.kind);
}

function stageAfter({ kind }: Message): Stage | undefined {
  switch (kind) {
    case "importing":
      return "importing";
    case "imported":
      return "serving";
    default:
      return undefined;
  }
}

const cacheFolder = fileURLToPath(new URL("../../../node_modules/.cache/node", import.meta.url));

/**
 * The environment of a learner's service.
 *
 * @param folder for its temporary files, which are left when it is killed
 */
function serviceEnvironment(libuvThreads: number, folder: string): NodeJS.ProcessEnv {
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  return {
    // A thread of each pool loads the same modules; compiled once is enough.
    NODE_COMPILE_CACHE: cacheFolder,
    ...inherited,
    TMPDIR: folder,
    UV_THREADPOOL_SIZE: String(libuvThreads),
  };
}

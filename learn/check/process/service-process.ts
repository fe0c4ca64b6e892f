import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import type { LastWords, Message, Request, ServiceOptions } from "../../service/messages.ts";
import { lastWordsFd } from "../../service/messages.ts";
import { LearnerFault } from "../faults.ts";
import { heapMb, outputBytes } from "../limits.ts";
import { serviceEnvironment } from "./environment.ts";
import { explainEnd, type Stage, withPlace } from "./explain-end.ts";

const service = new URL("../../service/main.ts", import.meta.url);
/** How much of standard error is kept, in characters. */
const keptStderr = 10_000;
/** What the pipes of a dead process may still take to end, in milliseconds. */
export const lastOutputMs = 3_000;

/** The process of a learner's service. It ends with all that it started, and nothing of it is left. */
export class ServiceProcess {
  /** Rejects when the process has ended unasked, with whose fault it is; never resolves. */
  readonly died: Promise<never>;
  readonly #child: ChildProcess;
  readonly #folder = mkdtempSync(join(tmpdir(), "unblock-learn-"));
  readonly #lastWords: LastWords[] = [];
  readonly #exited: Promise<number | null>;
  readonly #onCheckerExit = () => this.#killGroup();
  #stage: Stage = "starting";
  #stderr = "";
  #printedBytes = 0;
  /** Why it was ended; the first reason counts. */
  #reason: Error | undefined;

  constructor(
    options: ServiceOptions,
    libuvThreads: number,
    onMessage: (message: Message) => void,
  ) {
    this.#child = fork(service, [JSON.stringify(options)], {
      execArgv: [`--max-old-space-size=${heapMb}`],
      env: serviceEnvironment(libuvThreads, this.#folder),
      stdio: ["ignore", "pipe", "pipe", "ipc", "pipe"],
      // A group of its own, so that all of it can be ended at once; and a terminal's Ctrl-C is ours.
      detached: true,
    });
    this.#child.on("message", (message: Message) => {
      this.#stage = stageAfter(message) ?? this.#stage;
      onMessage(message);
    });
    this.#readOutput();
    process.once("exit", this.#onCheckerExit);
    const { promise: died, reject } = Promise.withResolvers<never>();
    // Whoever works with the service hears of it; without this, nobody doing so would end the checker.
    died.catch(() => {});
    this.died = died;
    // What it said by either way may be read only after its end is known.
    const closed = Promise.all([once(this.#child, "close"), once(this.#child, "disconnect")]);
    this.#exited = once(this.#child, "exit").then(async ([code, signal]) => {
      await this.#cleanUp(closed);
      const end = { stage: this.#stage, code, signal, stderr: this.#stderr };
      const lastWords = this.#lastWords;
      reject(this.#reason ? withPlace(this.#reason, lastWords) : explainEnd({ ...end, lastWords }));
      return code;
    });
  }

  send(request: Request): void {
    // When it can't be sent the process is dead, and `died` tells.
    this.#child.send(request, () => {});
  }

  /** Ends everything at once. */
  kill(reason: Error): void {
    this.#reason ??= reason;
    this.#killGroup();
  }

  /** Asks the service to stop, as whoever runs it would. */
  askToStop(): void {
    this.#child.kill("SIGTERM");
  }

  /** Resolves when it has ended, whyever, with its exit code; null when a signal ended it. */
  exited(): Promise<number | null> {
    return this.#exited;
  }

  #readOutput(): void {
    const { stdout, stderr, stdio } = this.#child;
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
    const pipe = stdio[lastWordsFd];
    if (pipe instanceof Readable) {
      const lines = createInterface({ input: pipe });
      lines.on("line", (line) => this.#lastWords.push(JSON.parse(line)));
    }
  }

  async #cleanUp(closed: Promise<unknown>): Promise<void> {
    process.off("exit", this.#onCheckerExit);
    // What it started may have outlived it.
    this.#killGroup();
    await Promise.race([closed, setTimeout(lastOutputMs)]);
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #killGroup(): void {
    const { pid } = this.#child;
    try {
      if (pid !== undefined) {
        process.kill(-pid, "SIGKILL");
      }
    } catch {
      // Nobody of it is left.
    }
  }
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

import { type ChildProcess, spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("./hog-process.ts", import.meta.url));

/** Processes that now and then take a core each: half as many as there are cores. */
export class Hog {
  readonly #processes: readonly ChildProcess[];
  readonly #onExit = () => this.#end();

  constructor() {
    const count = Math.ceil(availableParallelism() / 2);
    this.#processes = Array.from({ length: count }, () =>
      spawn(process.execPath, [program], { stdio: ["pipe", "ignore", "ignore"] }),
    );
    process.once("exit", this.#onExit);
  }

  stop(): void {
    process.off("exit", this.#onExit);
    this.#end();
  }

  #end(): void {
    for (const hog of this.#processes) {
      hog.kill("SIGKILL");
    }
  }
}

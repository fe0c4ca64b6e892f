import { type ChildProcess, spawn } from "node:child_process";

/** A process that computes for as long as it is let: it takes a whole core. */
export class Hog {
  readonly #process: ChildProcess;
  readonly #onExit = () => this.#process.kill("SIGKILL");

  constructor() {
    // It ends also when whoever started it is killed: then nobody holds the other end of its input.
    const spin =
      "process.stdin.on('end', () => process.exit()).resume(); (function spin() { const end = performance.now() + 50; while (performance.now() < end); setImmediate(spin); })()";
    this.#process = spawn(process.execPath, ["-e", spin], { stdio: ["pipe", "ignore", "ignore"] });
    process.once("exit", this.#onExit);
  }

  stop(): void {
    process.off("exit", this.#onExit);
    this.#process.kill("SIGKILL");
  }
}

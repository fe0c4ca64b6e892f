import type { ChildProcess } from "node:child_process";
import { once } from "node:events";

/**
 * Keeps a child process for as long as it is measured with: it must not outlive whoever measures.
 *
 * @returns what ends it as an operator would, and resolves when it has ended
 */
export function keepProcess(child: ChildProcess): () => Promise<void> {
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  return async () => {
    process.off("exit", kill);
    if (child.exitCode === null && child.signalCode === null) {
      child.kill("SIGTERM");
      await once(child, "exit");
    }
  };
}

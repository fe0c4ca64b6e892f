import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServerProcess } from "@unblock/test/server-process";

/** A server that serves the page, with its own folder for runs and progress. */
export interface PageServer {
  readonly url: string;
  readonly runsFolder: string;
  /** File of the learner's progress. */
  readonly progressFile: string;
  /** Sends SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again on the same port, after {@link kill}. */
  startAgain(): Promise<void>;
  close(): Promise<void>;
}

/** @param flags flags of `npm start`, without the port and the folders */
export async function startPageServer(flags: readonly string[] = []): Promise<PageServer> {
  const runsFolder = mkdtempSync(join(tmpdir(), "unblock-runs-"));
  const progressFile = join(runsFolder, "yours/progress.json");
  const own = ["--runs-folder", runsFolder, "--progress-file", progressFile];
  // Enough that the ten calls of a burst run at once.
  const sizes = ["--cpu-workers", "2", "--blocking-threads", "16"];
  const all = [...own, ...sizes, ...flags];
  let running = await startServerProcess(all);
  const { url } = running;
  return {
    url: new URL(url).origin,
    runsFolder,
    progressFile,
    kill: () => running.kill(),
    startAgain: async () => {
      running = await startServerProcess([...all, "--port", new URL(url).port]);
    },
    close: async () => {
      running.child.kill("SIGTERM");
      await running.exited;
      rmSync(runsFolder, { recursive: true });
    },
  };
}

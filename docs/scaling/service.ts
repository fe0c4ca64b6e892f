import { type ExecFileException, execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createVitalsClient } from "@unblock/client/client";
import { startServer } from "@unblock/loadtest/processes";
import type { Report } from "@unblock/loadtest/report/report";
import type { ExecutorVitals } from "@unblock/proto/gen/vitals";

const run = promisify(execFile);
const options = {
  cwd: fileURLToPath(new URL("../..", import.meta.url)),
  maxBuffer: 64 * 1024 * 1024,
};

/**
 * Starts a server and a load client, for the programs of this folder.
 *
 * @param flags flags of `npm start`
 */
export async function startService(...flags: readonly string[]) {
  const { url, close } = await startServer(flags);
  const vitals = createVitalsClient({ baseUrl: url, protocol: "grpc" });
  return {
    close,
    /** Runs `npm run loadtest -- run` against the server. */
    load: async (...loadFlags: readonly string[]): Promise<Report> => {
      const args = ["loadtest/main.ts", "run", ...loadFlags, "--url", url, "--json"];
      const ended = run(process.execPath, args, options);
      // Exit code 3 says that the machine was busy.
      const { stdout } = await ended.catch((error: ExecFileException & { stdout: string }) => {
        if (error.code !== 3) {
          throw error;
        }
        return error;
      });
      return JSON.parse(stdout);
    },
    executor: async (name: string): Promise<ExecutorVitals> => {
      const { executors } = await vitals.getVitals({});
      const found = executors.find((candidate) => candidate.name === name);
      if (found === undefined) {
        throw new Error(`Expected the name of an executor, got ${name}`);
      }
      return found;
    },
  };
}

/** A percentile of a report's latencies, in milliseconds. */
export function latencyMs({ latencyDistribution }: Report, percentage: number): number {
  const found = latencyDistribution?.find((entry) => entry.percentage === percentage);
  return (found?.latency ?? Number.NaN) / 1e6;
}

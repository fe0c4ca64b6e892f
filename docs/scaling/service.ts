import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { createVitalsClient } from "@unblock/client/client";
import { type ServerProcess, startServer } from "@unblock/loadtest/processes";
import type { Report } from "@unblock/loadtest/report/report";
import type { ExecutorVitals } from "@unblock/proto/gen/vitals";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A server and a load client, for the programs of this folder. */
export interface Service extends ServerProcess {
  /** Runs `npm run loadtest -- run` against the server. */
  load(...flags: readonly string[]): Promise<Report>;
  executor(name: string): Promise<ExecutorVitals>;
}

/** @param flags flags of `npm start` */
export async function startService(...flags: readonly string[]): Promise<Service> {
  const server = await startServer(flags);
  const vitals = createVitalsClient({ baseUrl: server.url, protocol: "grpc" });
  return {
    ...server,
    load: async (...loadFlags) => {
      const args = ["loadtest/main.ts", "run", ...loadFlags, "--url", server.url, "--json"];
      return JSON.parse(await outputOf(args));
    },
    executor: async (name) => {
      const { executors } = await vitals.getVitals({});
      const found = executors.find((candidate) => candidate.name === name);
      if (found === undefined) {
        throw new Error(`Expected the name of an executor, got ${name}`);
      }
      return found;
    },
  };
}

/** Exit code 3, for a busy machine, is accepted. */
function outputOf(args: readonly string[]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const options = { cwd: root, maxBuffer: 64 * 1024 * 1024 };
  execFile(process.execPath, args, options, (error, stdout, stderr) => {
    if (error === null || error.code === 3) {
      resolve(stdout);
    } else {
      reject(new Error(`The load client failed: ${stderr}`));
    }
  });
  return promise;
}

/** A percentile of a report's latencies, in milliseconds. */
export function latencyMs({ latencyDistribution }: Report, percentage: number): number {
  const found = latencyDistribution?.find((entry) => entry.percentage === percentage);
  return (found?.latency ?? Number.NaN) / 1e6;
}

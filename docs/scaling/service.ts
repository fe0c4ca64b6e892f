import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { createVitalsClient } from "../../client/client.ts";
import type { PlaceVitals } from "../../gen/unblock/v1/vitals_pb.ts";
import type { Report } from "../../loadtest/report/report.ts";
import { type ServerProcess, startServer } from "../../loadtest/server-process.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** A server with a load client beside it, for the programs of this folder. */
export interface Service extends ServerProcess {
  /** Runs `npm run loadtest -- run` against it. */
  load(...flags: readonly string[]): Promise<Report>;
  place(name: string): Promise<PlaceVitals>;
}

/** @param flags those of `npm start` */
export async function startService(...flags: readonly string[]): Promise<Service> {
  const server = await startServer(flags);
  const vitals = createVitalsClient({ baseUrl: server.url, protocol: "grpc" });
  return {
    ...server,
    load: async (...loadFlags) => {
      const args = ["loadtest/main.ts", "run", ...loadFlags, "--url", server.url, "--json"];
      return JSON.parse(await outputOf(args));
    },
    place: async (name) => {
      const { places } = await vitals.getVitals({});
      const place = places.find((candidate) => candidate.name === name);
      if (place === undefined) {
        throw new Error(`Expected a place of the server, got ${name}`);
      }
      return place;
    },
  };
}

/** That the machine was busy, for which the client ends with 3, is no matter here. */
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

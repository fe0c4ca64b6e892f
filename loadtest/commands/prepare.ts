import { randomBytes } from "node:crypto";
import type { TlsOptions } from "@unblock/http2/client";
import { checkDriverOptions } from "../drivers/create-driver.ts";
import { readGivenFile } from "../files.ts";
import { startServer } from "../processes.ts";
import { readDataFile } from "../requests/data-file.ts";
import { CallRandom, createRequests, parseHeaders } from "../requests/requests.ts";
import type { LoadPlan, Loop } from "../run/plan.ts";
import { resolveTarget } from "../target/target.ts";
import type { CallFlags } from "./options.ts";

export interface PreparedLoad {
  readonly url: string;
  plan(loop: Loop): LoadPlan;
  /** Stops the server, if one was started. */
  close(): Promise<void>;
}

const openHttp1Connections = 100;

/**
 * Checks the flags and the schema, and starts a server if no URL is given.
 *
 * @throws Error that names the invalid flag
 */
export async function prepareLoad(rpc: string, flags: CallFlags): Promise<PreparedLoad> {
  const { url, threads, data, dataFile, connections, strategy } = flags;
  const seed = flags.seed ?? randomBytes(6).toString("hex");
  if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
    throw new Error(`Expected --url to be a URL such as http://127.0.0.1:8080, got "${url}"`);
  }
  if (data !== undefined && dataFile !== undefined) {
    throw new Error("Expected --data or --data-file, got both");
  }
  if (connections !== undefined && connections < threads) {
    throw new Error(
      `Expected --connections to be at least --threads (${threads}), got ${connections}`,
    );
  }
  const tls = await readTls(flags);
  const { method, descriptorSet } = await resolveTarget(rpc, {
    tls,
    url,
    descriptorSetFile: flags.descriptorSet,
  });
  const options = {
    protocol: flags.protocol,
    codec: flags.codec,
    httpGet: flags.get === true,
    httpVersion: flags.http,
    tls,
  };
  checkDriverOptions(options, method);
  const given = data === undefined ? undefined : [data];
  const rows = dataFile === undefined ? given : await readDataFile(dataFile, method);
  // The first request shows whether the data fits the schema.
  const requestOf = createRequests(method, rows);
  requestOf(1, new CallRandom(seed, 1));
  const header = {
    ...parseHeaders(flags.header),
    ...(strategy === undefined ? {} : { "unblock-strategy": strategy }),
  };
  const server = url === undefined ? await startServer() : undefined;
  const baseUrl = url ?? server?.url ?? "";
  return {
    url: baseUrl,
    plan: (loop) => ({
      target: { descriptorSet, service: method.parent.typeName, method: method.name },
      kind: method.methodKind,
      ownServer: server !== undefined,
      driver: { ...options, baseUrl, connections: connections ?? defaultConnections(flags, loop) },
      rows,
      header,
      seed,
      timeoutMs: flags.timeout,
      warmupMs: flags.warmup,
      threads,
      loop,
    }),
    close: async () => server?.close(),
  };
}

function defaultConnections({ http, threads }: CallFlags, loop: Loop): number {
  const http1Connections = loop.kind === "closed" ? loop.concurrency : openHttp1Connections;
  return http === "2" ? threads : Math.max(threads, http1Connections);
}

async function readTls(flags: CallFlags): Promise<TlsOptions> {
  const { serverName, insecure = false } = flags;
  if ((flags.cert === undefined) !== (flags.key === undefined)) {
    throw new Error("Expected --cert and --key together, got only one of them");
  }
  const read = async (flag: "ca" | "cert" | "key") => {
    const path = flags[flag];
    return path === undefined ? {} : { [flag]: (await readGivenFile(path)).toString() };
  };
  return {
    ...(await read("ca")),
    ...(await read("cert")),
    ...(await read("key")),
    ...(serverName === undefined ? {} : { serverName }),
    insecure,
  };
}

/** Signals within this time count as one: npm forwards a terminal's Ctrl-C a second time. */
const sameSignalMs = 1_000;

/**
 * Returns a signal that aborts at the first SIGINT or SIGTERM, so that results so far can be reported.
 * A second one exits the process.
 */
export function untilInterrupted(): AbortSignal {
  const controller = new AbortController();
  let firstMs: number | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    const nowMs = performance.now();
    if (firstMs === undefined) {
      firstMs = nowMs;
      process.stderr.write(`\n${signal}: sending no more calls; reporting the results so far.\n`);
      controller.abort();
    } else if (nowMs - firstMs > sameSignalMs) {
      process.stderr.write(`second ${signal}: exiting without a report.\n`);
      process.exit(1);
    }
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return controller.signal;
}

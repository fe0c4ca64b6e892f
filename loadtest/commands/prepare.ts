import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { TlsOptions } from "@unblock/http2/client";
import { checkDriverOptions } from "../drivers/create-driver.ts";
import { readDataFile } from "../requests/data-file.ts";
import { createRequests, exampleRequest, parseHeaders } from "../requests/requests.ts";
import type { LoadPlan, Loop } from "../run/plan.ts";
import { CallRandom } from "../schedule/random.ts";
import { startServer } from "../server-process.ts";
import { resolveTarget } from "../target/target.ts";
import type { CallFlags } from "./options.ts";

/** A load that is ready to run. */
export interface PreparedLoad {
  readonly url: string;
  plan(loop: Loop): LoadPlan;
  /** Stops the server, if one was started. */
  close(): Promise<void>;
}

/** Connections of an open loop over HTTP/1.1. */
const openHttp1Connections = 100;

/**
 * Checks the flags and the schema, and starts a server if no URL is given.
 *
 * @throws Error that names the invalid flag
 */
export async function prepareLoad(rpc: string, flags: CallFlags): Promise<PreparedLoad> {
  const { url, timeout: timeoutMs, warmup: warmupMs, threads } = flags;
  const seed = flags.seed ?? randomBytes(6).toString("hex");
  if (url !== undefined && !/^https?:$/.test(URL.parse(url)?.protocol ?? "")) {
    throw new Error(`Expected --url to be a URL such as http://127.0.0.1:8080, got "${url}"`);
  }
  if (flags.data !== undefined && flags.dataFile !== undefined) {
    throw new Error("Expected --data or --data-file, got both");
  }
  if (flags.connections !== undefined && flags.connections < threads) {
    throw new Error(
      `Expected --connections to be at least --threads (${threads}), got ${flags.connections}`,
    );
  }
  const tls = await readTls(flags);
  const { method, descriptorSet } = await resolveTarget(rpc, {
    tls,
    ...(url === undefined ? {} : { url }),
    ...(flags.descriptorSet === undefined ? {} : { descriptorSetFile: flags.descriptorSet }),
  });
  const options = {
    protocol: flags.protocol,
    codec: flags.codec,
    httpGet: flags.get === true,
    httpVersion: flags.http,
    tls,
  };
  checkDriverOptions(options, method);
  const requests = {
    ...(flags.data === undefined ? {} : { data: flags.data }),
    ...(flags.dataFile === undefined ? {} : { rows: await readDataFile(flags.dataFile, method) }),
  };
  // The first request shows whether the data fits the schema.
  createRequests({ method, ...requests, example: exampleRequest(method) }).at(
    1,
    new CallRandom(seed, 1),
  );
  const header = {
    ...parseHeaders(flags.header),
    ...(flags.strategy === undefined ? {} : { "unblock-strategy": flags.strategy }),
  };
  const server = url === undefined ? await startServer() : undefined;
  const baseUrl = url ?? server?.url ?? "";
  return {
    url: baseUrl,
    plan: (loop) => {
      const connections = flags.connections ?? defaultConnections(flags, loop);
      return {
        target: { descriptorSet, service: method.parent.typeName, method: method.name },
        kind: method.methodKind,
        ownServer: server !== undefined,
        driver: { ...options, baseUrl, connections },
        requests,
        header,
        seed,
        timeoutMs,
        warmupMs,
        threads,
        loop,
      };
    },
    close: async () => server?.close(),
  };
}

function defaultConnections({ http, threads }: CallFlags, loop: Loop): number {
  if (http === "2") {
    return threads;
  }
  return Math.max(threads, loop.kind === "closed" ? loop.concurrency : openHttp1Connections);
}

async function readTls({ ca, cert, key, serverName, insecure }: CallFlags): Promise<TlsOptions> {
  if ((cert === undefined) !== (key === undefined)) {
    throw new Error("Expected --cert and --key together, got only one of them");
  }
  const read = async (flag: string, path: string | undefined) => {
    if (path === undefined) {
      return {};
    }
    const pem = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      throw new Error(`Could not read --${flag} ${path} (${error.code ?? error.message})`);
    });
    return { [flag]: pem };
  };
  return {
    ...(await read("ca", ca)),
    ...(await read("cert", cert)),
    ...(await read("key", key)),
    ...(serverName === undefined ? {} : { serverName }),
    insecure: insecure === true,
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

import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { checkDriverOptions, type DriverOptions } from "../drivers/create-driver.ts";
import { readDataFile } from "../requests/data-file.ts";
import { createRequests, exampleRequest, parseHeaders } from "../requests/requests.ts";
import type { LoadPlan, Loop } from "../run/plan.ts";
import { CallRandom } from "../schedule/random.ts";
import { type ServerProcess, startServer } from "../server-process.ts";
import { resolveTarget } from "../target/target.ts";
import type { TlsOptions } from "../transport/transport.ts";
import type { CallFlags } from "./options.ts";

/** A load that can be made, with what it needs. */
export interface PreparedLoad {
  readonly url: string;
  /** The plan for this way to load. */
  plan(loop: Loop): LoadPlan;
  /** Ends the server, if one was started. */
  close(): Promise<void>;
}

/** Over HTTP/1.1 an open loop has this many connections. */
const openHttp1Connections = 100;

/**
 * Checks everything that can be checked before a load, and starts a server when none is given.
 *
 * @throws Error with a message for people
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
  const target = await resolveTarget(rpc, {
    tls,
    ...(url === undefined ? {} : { url }),
    ...(flags.descriptorSet === undefined ? {} : { descriptorSetFile: flags.descriptorSet }),
  });
  const { method } = target;
  const options = {
    protocol: flags.protocol,
    codec: flags.codec,
    httpGet: flags.get === true,
    httpVersion: flags.http,
    tls,
  };
  checkDriverOptions(options, method);
  const rows =
    flags.dataFile === undefined ? undefined : await readDataFile(flags.dataFile, method);
  const requests = {
    ...(flags.data === undefined ? {} : { data: flags.data }),
    ...(rows === undefined ? {} : { rows }),
  };
  // The first request tells whether the data fits the schema.
  createRequests({ method, ...requests, example: exampleRequest(method) }).at(
    1,
    new CallRandom(seed, 1),
  );
  const header = {
    ...parseHeaders(flags.header),
    ...(flags.strategy === undefined ? {} : { "unblock-strategy": flags.strategy }),
  };
  const server: ServerProcess | undefined = url === undefined ? await startServer() : undefined;
  const baseUrl = url ?? server?.url ?? "";
  return {
    url: baseUrl,
    plan: (loop) => {
      const driver: DriverOptions = {
        ...options,
        baseUrl,
        connections: flags.connections ?? defaultConnections(flags, loop),
      };
      return {
        target: {
          descriptorSet: target.descriptorSet,
          service: method.parent.typeName,
          method: method.name,
        },
        kind: method.methodKind,
        ownServer: server !== undefined,
        driver,
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

/** Signals within this time of the first are the same one: a terminal's Ctrl-C arrives twice by npm. */
const sameSignalMs = 1_000;

/**
 * Lets a person end a load: the signal aborts at the first SIGINT or SIGTERM, so that what there is
 * can be reported. A second one ends the process.
 */
export function untilInterrupted(): AbortSignal {
  const controller = new AbortController();
  let firstMs: number | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    const nowMs = performance.now();
    if (firstMs === undefined) {
      firstMs = nowMs;
      process.stderr.write(`\n${signal}: no more calls; reporting what there is.\n`);
      controller.abort();
    } else if (nowMs - firstMs > sameSignalMs) {
      process.stderr.write(`${signal} again: exiting without a report.\n`);
      process.exit(1);
    }
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return controller.signal;
}

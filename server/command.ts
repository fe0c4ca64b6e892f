import cluster from "node:cluster";
import { availableParallelism } from "node:os";
import { Command, Option } from "commander";
import { duration, oneOf, wholeNumber } from "../cli/arguments.ts";
import { fail } from "../cli/fail.ts";
import { progressPath } from "../progress/progress.ts";
import { noOwnBackends, type OwnBackends } from "./backends/backends.ts";
import { addCallerFlags, type CallerFlags, callerLimitsOf } from "./caller-flags.ts";
import type { ServerConfig } from "./config.ts";
import { logLevels } from "./logger.ts";
import { startReplicas } from "./replicas.ts";
import { createServer } from "./server.ts";
import { startUntilSignal } from "./signals.ts";
import { readTlsFiles, type TlsFlags, watchTlsFiles } from "./tls-files.ts";

const example = `
Example:
  npm start -- --port 9000 --cpu-workers 4
  curl -s -H 'content-type: application/json' -d '{"user_id":1}' \\
    localhost:9000/unblock.v1.ExercisesService/GetUser`;

type Taken = Pick<
  ServerConfig,
  | "blockingThreads"
  | "libuvThreads"
  | "processes"
  | "maxQueue"
  | "maxCalls"
  | "shutdownNoticeMs"
  | "directLane"
  | "logLevel"
  | "databaseUrl"
  | "redisUrl"
  | "runsFolder"
  | "progressFile"
  | "replicas"
  | "token"
>;

interface Flags extends Omit<Taken, "shutdownNoticeMs">, OwnBackends, TlsFlags, CallerFlags {
  readonly shutdownNotice: number;
  readonly host: string;
  readonly port: number;
  readonly cpuWorkers?: number;
  readonly corsOrigin: readonly string[];
}

/** `npm start`: serves until a signal comes. */
export async function run(argv: readonly string[]): Promise<void> {
  const cores = availableParallelism();
  const queues = wholeNumber(1, 1_000_000);
  const command = new Command("npm start --")
    .description("Serves the eight exercises over Connect, gRPC and gRPC-Web, on one port.")
    .option("--host <address>", "address to listen on", "127.0.0.1")
    .option("--port <n>", "port to listen on, 0 for any that is free", wholeNumber(0, 65_535), 8080)
    .option("--cpu-workers <n>", "threads for CPU work (default: the cores)", wholeNumber(1, 256))
    .option("--blocking-threads <n>", "threads for blocking calls", wholeNumber(1, 256), 16)
    .addOption(
      new Option("--libuv-threads <n>", "threads of libuv's pool (fs, zlib)")
        .env("UV_THREADPOOL_SIZE")
        .argParser(wholeNumber(1, 1024))
        .default(16),
    )
    .option("--processes <n>", "child processes for CPU work", wholeNumber(1, 64), cores)
    .option("--replicas <n>", "copies of the server that share the cores", wholeNumber(1, 64), 1)
    .option("--max-queue <n>", "calls that may wait for each place", queues, 1000)
    .option("--max-calls <n>", "calls in progress at once, at all places", queues, 2000)
    .option(
      "--shutdown-notice <time>",
      "serve on for so long when told to stop, while health says NOT_SERVING, such as 1s",
      duration,
      0,
    )
    .option(
      "--database-url <url>",
      "a real Postgres for exercise A (default: DATABASE_URL, or none)",
    )
    .option("--redis-url <url>", "a real Redis for E and the queue (default: REDIS_URL, or none)")
    .addOption(
      own(
        "--weather-url <url>",
        "WEATHER_URL",
        "weather for B: GET <url>?city=… answers {temperature, conditions} as JSON",
      ),
    )
    .addOption(
      own(
        "--services-url <url>",
        "SERVICES_URL",
        "services for H: GET <url>/service-1 to -5 answer {data} as JSON",
      ),
    )
    .addOption(
      own(
        "--images-url <url>",
        "IMAGES_URL",
        "images for F: GET <url>/<path> answers the PNG of example.com/<path>",
      ),
    )
    .addOption(
      own(
        "--analytics-url <url>",
        "ANALYTICS_URL",
        "takes G's events: POST of {event, user_id} as JSON is answered with any 2xx",
      ),
    )
    .addOption(
      own("--config-file <path>", "CONFIG_FILE", "file for D: JSON with setting_a and setting_b"),
    )
    .option(
      "--token <text>",
      "who has it may start runs, from anywhere (default: UNBLOCK_TOKEN, or none)",
    )
    .option("--runs-folder <path>", "where the page's finished runs are kept", ".unblock/runs")
    .option("--progress-file <path>", "where guesses on the page are kept", progressPath())
    .option("--cors-origin <origin...>", "pages of these origins may call", [])
    .option(
      "--tls-cert <file>",
      "serve over TLS with this certificate (PEM), read again when it changes",
    )
    .option("--tls-key <file>", "its key")
    .option("--tls-client-ca <file>", "callers must show a certificate of this authority")
    .option("--log-level <level>", logLevels.join(", "), oneOf(logLevels), "info")
    .option("--no-direct-lane", "serve unary calls with Connect's own, slower handlers")
    .addHelpText("after", example)
    .allowExcessArguments(false);
  addCallerFlags(command);
  const given = command.parse([...argv]).opts<Flags>();
  // Not the flag's default, which --help would print with its password. Empty means none.
  const databaseUrl = (given.databaseUrl ?? process.env.DATABASE_URL) || undefined;
  const redisUrl = (given.redisUrl ?? process.env.REDIS_URL) || undefined;
  const token = (given.token ?? process.env.UNBLOCK_TOKEN) || undefined;
  if ((given.databaseUrl ?? given.redisUrl ?? given.token) !== undefined) {
    // On Linux and macOS it replaces the arguments, which everybody on the machine can read.
    process.title = "node server/main.ts";
  }
  const flags: Flags = { ...noOwnBackends, ...given, databaseUrl, redisUrl, token };
  try {
    const { url, page } =
      flags.replicas > 1 && cluster.isPrimary ? await serveReplicas(flags) : await serve(flags);
    if (cluster.isPrimary) {
      process.stdout.write(`unblock serves Connect, gRPC and gRPC-Web at ${url}\n${page}`);
    }
    // For the program that started this one and waits for the address.
    process.send?.({ url });
    // Without that program there is nobody left to serve.
    process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
  } catch (error) {
    fail(listenProblem(error, flags) ?? error);
  }
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** A backend of the user's own instead of the embedded one. An empty variable means none. */
function own(flags: string, variable: string, description: string): Option {
  return new Option(flags, description).env(variable).argParser((text) => text || undefined);
}

interface Serving {
  readonly url: string;
  /** A line on where the page is; empty behind replicas, where nothing can be run from it. */
  readonly page: string;
}

async function serveReplicas(flags: Flags): Promise<Serving> {
  const { replicas: count, host, port, blockingThreads, databaseUrl } = flags;
  if (databaseUrl !== undefined) {
    const { prepareFor } = await import("./backends/postgres/postgres.ts");
    // Each of them checks its own share only.
    await prepareFor(databaseUrl, { blockingThreads, replicas: count });
  }
  const url = await startReplicas({
    ...{ count, host, port, noticeMs: flags.shutdownNotice },
    hasTls: flags.tlsCert !== undefined,
    log,
  });
  return { url, page: "" };
}

async function serve(all: Flags): Promise<Serving> {
  const { corsOrigin: corsOrigins, tlsCert, tlsKey, tlsClientCa, ...others } = all;
  const { shutdownNotice: shutdownNoticeMs, ...flags } = others;
  const tls = await readTlsFiles(all);
  const cpuWorkers = Math.max(1, Math.floor(availableParallelism() / flags.replicas));
  const { url, pageUrl, replaceTls } = await startUntilSignal(
    () =>
      createServer({
        cpuWorkers,
        corsOrigins,
        tls,
        shutdownNoticeMs,
        ...callerLimitsOf(flags),
        ...flags,
      }),
    shutdownNoticeMs,
  );
  if (tls !== undefined) {
    watchTlsFiles(all, tls, replaceTls, log);
  }
  const page = pageUrl === undefined ? "is not built: npm run build" : `is at ${pageUrl}`;
  return { url, page: `Its page ${page}\n` };
}

function listenProblem(error: unknown, { host, port }: Flags): string | undefined {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  switch (code) {
    case "EADDRINUSE":
      return `Port ${port} is taken. Stop what listens there, or choose another: --port ${port + 1}`;
    case "EACCES":
      return `Port ${port} needs rights that this user lacks. Choose one from 1024 up: --port 8080`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `${host} is no address of this machine. Try --host 127.0.0.1`;
    default:
      return undefined;
  }
}

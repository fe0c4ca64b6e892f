import cluster from "node:cluster";
import { availableParallelism } from "node:os";
import { http2Implementations } from "@unblock/connect/listener/listener";
import { duration, oneOf, wholeNumber } from "@unblock/terminal/arguments";
import { logLevels } from "@unblock/terminal/logger";
import { fail, startUntilSignal } from "@unblock/terminal/process";
import { Command, Option } from "commander";
import {
  defaults,
  type NumberOptionName,
  numberOptionNames,
  numberOptions,
  type ServerConfig,
} from "./config.ts";
import { startReplicas } from "./replicas.ts";
import { createServer } from "./server.ts";
import { readTlsFiles, type TlsFlags, watchTlsFiles } from "./tls-files.ts";

const example = `
Example:
  npm start -- --port 9000 --cpu-workers 4
  curl -s -H 'content-type: application/json' -d '{"user_id":1}' \\
    localhost:9000/unblock.v1.ExercisesService/GetUser`;

/** Options that no flag sets. */
type Unset =
  | "corsOrigins"
  | "tls"
  | "pageFolder"
  | "warmUp"
  | "signalEndsWithCall"
  | "loadExercises"
  | "imageHosts"
  | "log";

interface Flags extends Omit<ServerConfig, Unset>, TlsFlags {
  readonly corsOrigin: readonly string[];
}

/** Backends of the user's own instead of the embedded ones: flag, environment variable, description. */
const ownBackendFlags = [
  ["--weather-url <url>", "WEATHER_URL", "B: GET <url>?city=… gives {temperature, conditions}"],
  ["--services-url <url>", "SERVICES_URL", "H: GET <url>/service-1 to -5 give {data}"],
  ["--images-url <url>", "IMAGES_URL", "F: GET <url>/<path> gives the PNG of example.com/<path>"],
  ["--analytics-url <url>", "ANALYTICS_URL", "G: POST of {event, user_id} gives any 2xx"],
  ["--config-file <path>", "CONFIG_FILE", "D: JSON file with setting_a and setting_b"],
] as const;

/** `npm start`: serves until a signal comes. */
export async function run(argv: readonly string[]): Promise<void> {
  const command = new Command("npm start --")
    .description("Serves the eight exercises over Connect, gRPC and gRPC-Web, on one port.")
    .option("--host <address>", "address to listen on", defaults.host);
  for (const name of numberOptionNames()) {
    command.addOption(numberFlag(name));
  }
  command
    .option("--database-url <url>", "a Postgres for A (default: DATABASE_URL, or none)")
    .option("--redis-url <url>", "a Redis for E and the queue (default: REDIS_URL, or none)");
  for (const [flag, variable, description] of ownBackendFlags) {
    // An empty variable means none.
    const parse = (text: string) => text || undefined;
    command.addOption(new Option(flag, description).env(variable).argParser(parse));
  }
  command
    .option(
      "--token <text>",
      "token required to start runs, which also allows other hosts to (default: UNBLOCK_TOKEN, or none)",
    )
    .option("--runs-folder <path>", "folder for the page's finished runs", defaults.runsFolder)
    .option("--progress-file <path>", "file for the learner's progress", defaults.progressFile)
    .option("--cors-origin <origin...>", "origins whose pages may call", [])
    .option("--tls-cert <file>", "serve over TLS with this certificate (PEM), reloaded on change")
    .option("--tls-key <file>", "private key of the certificate")
    .option("--tls-client-ca <file>", "require client certificates of this authority")
    .option("--log-level <level>", logLevels.join(", "), oneOf(logLevels), defaults.logLevel)
    .option(
      "--http2 <implementation>",
      "unblock (this project's own) or node (Node's, slower)",
      oneOf(http2Implementations),
      defaults.http2,
    )
    .addHelpText("after", example)
    .allowExcessArguments(false);
  const flags = readFlags(command.parse([...argv]));
  try {
    const { url, page } =
      flags.replicas > 1 && cluster.isPrimary ? await serveReplicas(flags) : await serve(flags);
    if (cluster.isPrimary) {
      process.stdout.write(`unblock serves Connect, gRPC and gRPC-Web at ${url}\n${page}`);
    }
    // For a parent process that waits for the address.
    process.send?.({ url });
    process.once("disconnect", () => process.kill(process.pid, "SIGTERM"));
  } catch (error) {
    fail(listenProblem(error, flags) ?? error);
  }
}

/** Such as `--max-timeout` for `maxTimeoutMs`. */
export function flagName(name: NumberOptionName): string {
  const words = name.replace(/Ms$/, "").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return `--${words}`;
}

function numberFlag(name: NumberOptionName): Option {
  const [defaultValue, min, max, text] = numberOptions[name];
  const isDuration = name.endsWith("Ms");
  const flag = flagName(name);
  if (isDuration) {
    const shown = defaultValue === 0 ? "none" : `${defaultValue / 1_000}s`;
    return new Option(`${flag} <time>`, text).argParser(duration).default(defaultValue, shown);
  }
  const option = new Option(`${flag} <n>`, text)
    .argParser(wholeNumber(min, max))
    .default(defaultValue);
  return name === "libuvThreads" ? option.env("UV_THREADPOOL_SIZE") : option;
}

function readFlags(command: Command): Flags {
  const given = command.opts<Flags & Record<string, number>>();
  const numbers = numberOptionNames().map((name) => [name, given[name.replace(/Ms$/, "")]]);
  // Not the options' defaults, which --help would print with their passwords. Empty means none.
  const databaseUrl = (given.databaseUrl ?? process.env.DATABASE_URL) || undefined;
  const redisUrl = (given.redisUrl ?? process.env.REDIS_URL) || undefined;
  const token = (given.token ?? process.env.UNBLOCK_TOKEN) || undefined;
  if ((given.databaseUrl ?? given.redisUrl ?? given.token) !== undefined) {
    // On Linux and macOS this replaces the arguments, which every user of the machine can read.
    process.title = "node server/main.ts";
  }
  const flags: Flags = {
    ...given,
    ...Object.fromEntries(numbers),
    ...{ databaseUrl, redisUrl, token },
  };
  return command.getOptionValueSource("cpuWorkers") === "default"
    ? { ...flags, cpuWorkers: Math.max(1, Math.floor(availableParallelism() / flags.replicas)) }
    : flags;
}

function log(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** @returns the address; without a page, as no run can be started from it */
async function serveReplicas(flags: Flags) {
  const { replicas: count, host, port, blockingThreads, databaseUrl } = flags;
  if (databaseUrl !== undefined) {
    const { prepareFor } = await import("@unblock/backends/postgres/postgres");
    // Each replica checks only its own share of the connections.
    await prepareFor(databaseUrl, { blockingThreads, replicas: count });
  }
  const hasTls = flags.tlsCert !== undefined;
  const noticeMs = flags.shutdownNoticeMs;
  return { url: await startReplicas({ count, host, port, noticeMs, hasTls, log }), page: "" };
}

async function serve({ corsOrigin, tlsCert, tlsKey, tlsClientCa, ...flags }: Flags) {
  const tlsFlags: TlsFlags = { tlsCert, tlsKey, tlsClientCa };
  const tls = await readTlsFiles(tlsFlags);
  const { url, pageUrl, replaceTls } = await startUntilSignal(
    () => createServer({ ...flags, corsOrigins: corsOrigin, tls }),
    flags.shutdownNoticeMs,
  );
  if (tls !== undefined) {
    watchTlsFiles(tlsFlags, tls, replaceTls, log);
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

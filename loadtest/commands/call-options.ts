import type { Command } from "commander";
import { duration, oneOf, wholeNumber } from "../../cli/arguments.ts";
import { type Protocol, protocols } from "../../client/client.ts";

/** Flags that say what is called, where and how; all kinds of load take them. */
export interface CallFlags {
  readonly url?: string;
  readonly descriptorSet?: string;
  readonly protocol: Protocol;
  readonly codec: "proto" | "json";
  readonly get?: boolean;
  readonly http: "1.1" | "2";
  readonly data?: string;
  readonly dataFile?: string;
  readonly header: readonly string[];
  readonly strategy?: string;
  readonly seed?: string;
  readonly timeout: number;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly serverName?: string;
  readonly insecure?: boolean;
  readonly connections?: number;
  readonly threads: number;
  readonly warmup: number;
}

const codecs = ["proto", "json"] as const;
const httpVersions = ["1.1", "2"] as const;
/** As ghz's: without a deadline a server that never answers would keep the load for ever. */
const defaultTimeoutMs = 20_000;

export function addCallOptions(command: Command): Command {
  return command
    .optionsGroup("What is called:")
    .option("--url <url>", "the server (default: this project's own, started for the load)")
    .option(
      "--descriptor-set <file>",
      "the schema, by buf build or protoc (default: the project's own, then server reflection)",
    )
    .option(
      "--data <json>",
      "the request; {n}, {uuid}, {random:1..9} and {pick:a|b} are filled in for each call",
    )
    .option("--data-file <file>", "requests to use in turn: JSON lines, or CSV with a header line")
    .option(
      "--header <name: value>",
      "a request header, may be repeated and may have {n} …",
      collect,
      [],
    )
    .option(
      "--strategy <name>",
      "how the server shall do an exercise's work (default: the recommended way)",
    )
    .option(
      "--seed <text>",
      "the same seed makes the same {uuid}, {random} and {pick} for the same {n}, and the same Poisson arrivals (default: another each time; the report has it)",
    )
    .option(
      "--timeout <time>",
      "each call's deadline, on the wire; 0s for none",
      duration,
      defaultTimeoutMs,
    )
    .optionsGroup("How it is called:")
    .option("--protocol <name>", protocols.join(", "), oneOf(protocols), "grpc")
    .option("--codec <name>", codecs.join(", "), oneOf(codecs), "proto")
    .option("--get", "Connect's GET, for RPCs without side effects")
    .option("--http <version>", `${httpVersions.join(", ")}`, oneOf(httpVersions), "2")
    .option("--ca <file>", "certificates to trust, PEM")
    .option("--cert <file>", "the client's certificate, PEM")
    .option("--key <file>", "its private key, PEM")
    .option(
      "--server-name <name>",
      "the name on the server's certificate (default: the URL's host)",
    )
    .option("--insecure", "take any certificate")
    .optionsGroup("How it is made:")
    .option(
      "--connections <n>",
      "default: one a thread; over HTTP/1.1 one a call in progress",
      wholeNumber(1, 10_000),
    )
    .option("--threads <n>", "threads of the client that share the load", wholeNumber(1, 256), 1)
    .option("--warmup <time>", "load before the run that is not counted", duration, 0);
}

function collect(value: string, previous: readonly string[]): string[] {
  return [...previous, value];
}

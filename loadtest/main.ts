import { type DescMethodUnary, fromJsonString } from "@bufbuild/protobuf";
import { Command } from "commander";
import { duration, oneOf, wholeNumber } from "../cli/arguments.ts";
import { fail } from "../cli/fail.ts";
import { type Protocol, protocols } from "../client/client.ts";
import { findExercise } from "../registry/exercises.ts";
import { findMethod, rpcNames } from "../registry/methods.ts";
import { runClosedLoop } from "./closed-loop.ts";
import { createDriver } from "./drivers/create-driver.ts";
import { toJson, toText } from "./report.ts";
import { startServer } from "./server-process.ts";

const example = `
Examples:
  npm run loadtest -- GetUser --concurrency 10 --requests 10
  npm run loadtest -- GetCache --strategy threads --concurrency 100 --duration 5s
  npm run -s loadtest -- ComputeHash --data '{"data":"{n}","rounds":1}' --requests 1000 --json`;

interface Flags {
  readonly url?: string;
  readonly protocol: Protocol;
  readonly strategy?: string;
  readonly concurrency: number;
  readonly requests?: number;
  readonly duration?: number;
  readonly timeout?: number;
  readonly data?: string;
  readonly json?: boolean;
}

const command = new Command("npm run loadtest --")
  .description("Calls an RPC many times at once and reports latencies and errors.")
  .argument("<rpc>", `one of ${rpcNames.join(", ")}`)
  .option("--url <url>", "the server (default: one is started, in a process of its own)")
  .option("--protocol <name>", protocols.join(", "), oneOf(protocols), "grpc")
  .option("--strategy <name>", "how the server shall do the work (default: the recommended way)")
  .option("--concurrency <n>", "calls in progress at once", wholeNumber(1, 100_000), 10)
  .option("--requests <n>", "how many calls (default: 100)", wholeNumber(1, 1e9))
  .option("--duration <time>", 'for how long, such as "10s", instead of --requests', duration)
  .option("--timeout <time>", "each call's deadline (default: none)", duration)
  .option("--data <json>", 'the request; "{n}" is the call\'s number')
  .option("--json", "print the result as JSON, and nothing else")
  .addHelpText("after", example);

const [rpc = ""] = command.parse().args;
const flags = command.opts<Flags>();
const method =
  findMethod(rpc) ?? fail(`There is no RPC "${rpc}"; there are: ${rpcNames.join(", ")}`);
if (flags.requests !== undefined && flags.duration !== undefined) {
  fail("Expected --requests or --duration, got both");
}
if (flags.url !== undefined && !URL.canParse(flags.url)) {
  fail(`Expected --url to be a URL such as http://127.0.0.1:8080, got "${flags.url}"`);
}

const requestJson = findExercise(method.name)?.burst.requestJson ?? (() => "{}");
const request = parseRequests(method);
request(1);
const server = flags.url === undefined ? await startServer().catch(fail) : undefined;
const driver = createDriver(flags.url ?? server?.url ?? "", flags.protocol);
try {
  await driver.connect().catch((error: unknown) => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Nothing answers at ${flags.url ?? server?.url} (${reason})`);
  });
  const header = flags.strategy === undefined ? {} : { "unblock-strategy": flags.strategy };
  const result = await runClosedLoop({
    concurrency: flags.concurrency,
    until:
      flags.duration === undefined
        ? { requests: flags.requests ?? 100 }
        : { durationMs: flags.duration },
    send: (n) =>
      driver.prepare({ method, request: request(n), header, timeoutMs: flags.timeout ?? 0 })(),
    onProgress: (calls) => {
      if (process.stderr.isTTY) {
        process.stderr.write(`\r${calls} calls`);
      }
    },
  });
  if (process.stderr.isTTY) {
    process.stderr.write("\r");
  }
  const description = {
    rpc: method.name,
    protocol: flags.protocol,
    strategy: flags.strategy ?? null,
    concurrency: flags.concurrency,
  };
  process.stdout.write(
    flags.json ? `${JSON.stringify(toJson(description, result))}\n` : toText(description, result),
  );
  if (result.recorder.errors === result.recorder.calls) {
    process.stderr.write(`error: no call succeeded; the first: ${result.firstError}\n`);
    process.exitCode = 1;
  }
} catch (error) {
  process.stderr.write(`error: ${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
} finally {
  driver.close();
  await server?.close();
}

function parseRequests({ name, input }: DescMethodUnary) {
  return (n: number) => {
    const json = flags.data?.replaceAll("{n}", String(n)) ?? requestJson(n);
    try {
      return fromJsonString(input, json);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return fail(`Expected --data to be the request of ${name} as JSON, got ${json}: ${reason}`);
    }
  };
}

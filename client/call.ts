import {
  type DescMethodUnary,
  fromJsonString,
  type Message,
  toJsonString,
} from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { codeName } from "@unblock/connect/code-name";
import { findMethod, unaryRpcNames } from "@unblock/proto/methods";
import { duration, oneOf } from "@unblock/terminal/arguments";
import { fail } from "@unblock/terminal/process";
import { Command } from "commander";
import { openConnection, type Protocol, protocols } from "./client.ts";

const example = `
Examples:
  npm run -s call -- GetUser '{"user_id":1}'
  npm run -s call -- ComputeHash '{"data":"abc","rounds":1}' --strategy event-loop -v

Exit codes: 0 the call succeeded; 1 it could not be made; 2 it failed.`;

interface Flags {
  readonly url: string;
  readonly protocol: Protocol;
  readonly strategy?: string;
  readonly timeout?: number;
  readonly verbose?: boolean;
}

const command = new Command("npm run call --")
  .description("Calls an RPC once and prints its response as JSON.")
  .argument("<rpc>", `one of ${unaryRpcNames.join(", ")}`)
  .argument("[request]", "the request as JSON", "{}")
  .option("--url <url>", "the server", "http://127.0.0.1:8080")
  .option("--strategy <name>", "strategy for the work (default: the recommended one)")
  .option("--protocol <name>", protocols.join(", "), oneOf(protocols), "connect")
  .option("--timeout <duration>", 'the deadline, such as "1s" (default: none)', duration)
  .option("-v, --verbose", "print response headers and the time it took to standard error")
  .option("--json", "print the response as JSON, and nothing else (always on)")
  .addHelpText("after", example);

const { args } = command.parse();
const [rpc = "", requestJson = "{}"] = args;
const { url, protocol, strategy, timeout, verbose } = command.opts<Flags>();

const method =
  findMethod(rpc) ?? fail(`There is no unary RPC "${rpc}"; there are: ${unaryRpcNames.join(", ")}`);
const request = parseRequest(method, requestJson);
if (!URL.canParse(url)) {
  fail(`Expected --url to be a URL such as http://127.0.0.1:8080, got "${url}"`);
}
const { transport, close } = openConnection({
  baseUrl: url,
  protocol,
  ...(strategy === undefined ? {} : { strategy }),
});

const startedMs = performance.now();
try {
  const { message, header } = await transport.unary(method, undefined, timeout, undefined, request);
  report(header);
  const options = { alwaysEmitImplicit: true };
  process.stdout.write(`${toJsonString(method.output, message, options)}\n`);
} catch (error) {
  const { code, rawMessage, metadata, cause } = ConnectError.from(error);
  report(metadata);
  const hint = rawMessage.includes("ECONNREFUSED") ? "; is the server running? npm start" : "";
  process.stderr.write(`${codeName(code)}: ${rawMessage}${hint}\n`);
  // An error with a cause is local: no connection, or not HTTP.
  process.exitCode = cause === undefined ? 2 : 1;
} finally {
  close();
}

function parseRequest({ name, input }: DescMethodUnary, json: string): Message {
  try {
    return fromJsonString(input, json);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return fail(`Expected the request of ${name} as JSON, got ${json}: ${reason}`);
  }
}

function report(header: Headers): void {
  if (verbose) {
    const lines = [...header].map(([name, value]) => `${name}: ${value}\n`);
    const took = `took: ${(performance.now() - startedMs).toFixed(1)} ms\n`;
    process.stderr.write([...lines, took].join(""));
  }
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { oneOf, wholeNumber } from "@unblock/terminal/arguments";
import { findGoTool, type GoTool } from "@unblock/terminal/go-tool";
import { fail } from "@unblock/terminal/process";
import { Command } from "commander";
import { type Http2Implementation, http2Implementations } from "../listener/listener.ts";

const runner: GoTool = {
  name: "connectconformance",
  module: "connectrpc.com/conformance",
  folder: "cmd/connectconformance",
  version: "v1.0.7",
};
/** Max time of a run, in milliseconds. A run takes half a minute; the runner's client has no timeout. */
const maxRunMs = 300_000;
/** More parallel servers or cases are slower on two cores, and some cases have deadlines. */
const parallelism = ["--max-servers", "2", "-p", "4"];

/**
 * The runner's client counts a response as malformed when its own deadline passes between the header and the body
 * of the error, which the server sends at the same deadline. These cases may fail, and their failures are printed.
 */
const racing = ["--known-flaky", "Timeouts/*/Protocol:PROTOCOL_CONNECT/**/unary"];

const example = `
Examples:
  npm run conformance -- --runs 3
  npm run -s conformance -- --json

Exits with 0 when all cases pass, 2 when some fail, 1 when it could not run.`;

interface Flags {
  readonly runs: number;
  readonly http2: Http2Implementation;
  readonly json?: boolean;
}

const { runs, http2, json } = new Command("npm run conformance --")
  .description("Runs the Connect project's conformance runner against a server with our adapter.")
  .option("--runs <n>", "number of runs", wholeNumber(1, 100), 1)
  .option(
    "--http2 <implementation>",
    "unblock (this project's own) or node (Node's)",
    oneOf(http2Implementations),
    "unblock",
  )
  .option("--json", "print only the result as JSON on stdout; the runner prints on stderr")
  .addHelpText("after", example)
  .allowExcessArguments(false)
  .parse()
  .opts<Flags>();

try {
  const path = await findGoTool(runner, () =>
    process.stderr.write(`installing ${runner.name} ${runner.version} into .unblock/bin\n`),
  );
  let passed = 0;
  for (let run = 1; run <= runs; run++) {
    process.stderr.write(`run ${run} of ${runs}\n`);
    passed += Number(await passes(path));
  }
  if (json) {
    process.stdout.write(`${JSON.stringify({ runner: runner.version, runs, passed })}\n`);
  }
  process.exitCode = passed === runs ? 0 : 2;
} catch (error) {
  fail(error);
}

/** The runner prints which cases failed, and why. */
async function passes(path: string): Promise<boolean> {
  const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const server = [process.execPath, file("server.ts"), "--http2", http2];
  const args = [
    "--mode",
    "server",
    "--conf",
    file("full.yaml"),
    ...parallelism,
    ...racing,
    "--",
    ...server,
  ];
  const child = spawn(path, args, {
    stdio: ["ignore", json ? process.stderr : "inherit", "inherit"],
    timeout: maxRunMs,
    killSignal: "SIGKILL",
  });
  const [code, signal] = await once(child, "exit");
  if (signal !== null) {
    throw new Error(`Expected the conformance runner to exit within ${maxRunMs / 1_000} s`);
  }
  return code === 0;
}

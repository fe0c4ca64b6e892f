/** Runs h2spec in strict mode against a small server on this project's HTTP/2. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findGoTool, type GoTool } from "@unblock/terminal/go-tool";
import { fail } from "@unblock/terminal/process";
import { Command } from "commander";
import { createServerConnection, encodeHeaderBlock, type ServerStream } from "../server/index.ts";

const h2spec: GoTool = {
  name: "h2spec",
  module: "github.com/summerwind/h2spec",
  folder: "cmd/h2spec",
  version: "v2.2.1+incompatible",
};
/** Seconds that h2spec waits for a response to each case. */
const caseLimitSeconds = 3;
const runLimitMs = 300_000;
/** Long enough for a case that opens one stream too many to find all of them open. */
const responseDelayMs = 50;

const example = `
Examples:
  npm run h2spec
  npm run h2spec -- http2/5.1
  npm run -s h2spec -- --json

Exits with 0 when all cases pass, 2 when some fail, 1 when it could not run.`;

const program = new Command("npm run h2spec --")
  .description("Runs h2spec (https://github.com/summerwind/h2spec) in strict mode.")
  .argument("[sections...]", "cases to run, such as http2/5.1 or hpack; default: all")
  .option("--json", "print the result as JSON, and nothing else")
  .addHelpText("after", example)
  .parse();
const { json } = program.opts<{ readonly json?: boolean }>();

const header = encodeHeaderBlock([
  [":status", "200"],
  ["content-type", "text/plain"],
]);
const body = Buffer.from("Hello from this server.\n");
const noTrailer = new Uint8Array(0);

function respondLater(stream: ServerStream): void {
  stream.collect({
    onEnd: () => setTimeout(() => stream.respond(header, body, noTrailer), responseDelayMs),
  });
}

/** Counts of a report in JUnit's format. */
function countCases(report: string): { passed: number; failed: number; skipped: number } {
  const count = (pattern: RegExp) => report.match(pattern)?.length ?? 0;
  const skipped = count(/<skipped/g);
  const failed = count(/<(failure|error)/g);
  return { passed: count(/<testcase /g) - skipped - failed, failed, skipped };
}

try {
  const path = await findGoTool(h2spec, () =>
    process.stderr.write(`installing ${h2spec.name} ${h2spec.version} into .unblock/bin\n`),
  );
  const server = createServer((socket) => createServerConnection(socket, {}, respondLater));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  const folder = mkdtempSync(join(tmpdir(), "h2spec-"));
  const report = join(folder, "report.xml");
  const args = ["--strict", "-h", "127.0.0.1", "-p", `${port}`, "-o", `${caseLimitSeconds}`];
  const child = spawn(path, [...args, "-j", report, ...program.args], {
    stdio: ["ignore", json ? process.stderr : "inherit", "inherit"],
    timeout: runLimitMs,
    killSignal: "SIGKILL",
  });
  const [code, signal] = await once(child, "exit");
  if (signal !== null) {
    throw new Error(`h2spec was not done within ${runLimitMs / 1_000} s`);
  }
  const counts = countCases(readFileSync(report, "utf8"));
  rmSync(folder, { recursive: true });
  if (json) {
    process.stdout.write(`${JSON.stringify({ h2spec: h2spec.version, ...counts })}\n`);
  }
  process.exit(code === 0 && counts.failed === 0 && counts.passed > 0 ? 0 : 2);
} catch (error) {
  fail(error);
}

import { count } from "@unblock/terminal/numbers";
import { fail } from "@unblock/terminal/process";
import { openProgressLine } from "@unblock/terminal/text";
import { Command } from "commander";
import { buildReport } from "../report/build.ts";
import { fourDigits, threeDigits } from "../report/format.ts";
import { assertOutputs, type OutputFlags, planOutputs, writeOutputs } from "../report/outputs.ts";
import { publishReport } from "../report/publish.ts";
import type { Interval, SloResult } from "../report/report.ts";
import { checkSlo, figuresOf, parseSlo, type Slo } from "../report/slo.ts";
import { durationMsOf, type Loop, requestsOf } from "../run/plan.ts";
import { type LoadResult, runLoad } from "../run/run.ts";
import {
  addCallOptions,
  addLoopOptions,
  addOutputOptions,
  type CallFlags,
  collectAs,
  type LoopFlags,
  loopFrom,
} from "./options.ts";
import { prepareLoad, untilInterrupted } from "./prepare.ts";

const example = `
Exit codes: 0 good, 1 could not run or no call succeeded, 2 a threshold was missed, 3 the client, not
the server, was the limit, so the figures say nothing about the server.

Examples:
  npm run loadtest -- GetUser --concurrency 10 --requests 10
  npm run loadtest -- GetCache --rate 500 --duration 10s --slo 'p99<50ms' --slo 'errors<0.1%'
  npm run loadtest -- my.package.Service/Method --url http://127.0.0.1:50051 --data '{"id":"{uuid}"}'
  npm run loadtest -- GetCache --rate 500 --duration 10s --output html --output-file report.html
  npm run loadtest -- capacity GetCache --slo 'p99<50ms'
  npm run loadtest -- compare before.json after.json --fail-on 'p99+10%'`;

interface Flags extends CallFlags, LoopFlags, OutputFlags {
  readonly slo: readonly Slo[];
  readonly name?: string;
  readonly publish?: string;
  readonly project?: string;
}

export function createRunCommand(): Command {
  const command = new Command("run")
    .description("Runs a load test on an RPC of a Connect, gRPC or gRPC-Web server.")
    .argument("<rpc>", "such as GetUser, or package.Service/Method of another server");
  addLoopOptions(addCallOptions(command)).optionsGroup("Results:");
  return addOutputOptions(command)
    .option("--slo <threshold>", 'such as "p99<50ms"; may be repeated', collectAs(parseSlo), [])
    .option("--name <text>", "title of the report")
    .option("--publish <url>", "sends the report to the ghz-web at this URL")
    .option("--project <name>", "project in ghz-web, created if missing (default: a new one)")
    .addHelpText("after", example)
    .action(async (rpc: string, flags: Flags) => {
      process.exitCode = await run(rpc, flags).catch(fail);
    });
}

async function run(rpc: string, flags: Flags): Promise<number> {
  const { name, project, publish, strategy = null } = flags;
  const loop = loopFrom(flags, flags.threads);
  const outputs = planOutputs(flags);
  await assertOutputs(outputs);
  if (project !== undefined && publish === undefined) {
    throw new Error("Expected --project together with --publish");
  }
  const signal = untilInterrupted();
  const prepared = await prepareLoad(rpc, flags);
  const live = createLive(loop, process.stderr);
  let result: LoadResult;
  try {
    result = await runLoad(prepared.plan(loop), { signal, onInterval: live.interval });
  } finally {
    live.clear();
    await prepared.close();
  }
  const slo = flags.slo.map((one) => checkSlo(one, figuresOf(result)));
  const report = buildReport(result, { url: prepared.url, strategy, slo, name });
  await writeOutputs(report, outputs);
  if (publish !== undefined) {
    process.stderr.write(`published: ${await publishReport(report, publish, project)}\n`);
  }
  return exitCode(slo, result);
}

/** Prints the problems to standard error and returns the exit code. */
function exitCode(
  slo: readonly SloResult[],
  { verdict, latency, codes, errors }: LoadResult,
): number {
  const missed = slo.filter(({ held }) => !held);
  for (const { slo: text, measured } of missed) {
    process.stderr.write(`missed: ${text}, measured ${fourDigits(measured)}\n`);
  }
  if (verdict.client_limited) {
    process.stderr.write(`the client was the limit: ${verdict.reasons.join("; ")}\n`);
    return 3;
  }
  if (missed.length > 0) {
    return 2;
  }
  if ((codes.ok ?? 0) === 0 && latency.count > 0) {
    const [first = "no call had a response"] = Object.keys(errors);
    process.stderr.write(`error: no call succeeded; first failure: ${first}\n`);
    return 1;
  }
  return 0;
}

const barWidth = 20;
/** Time after which lines are printed every `quietIntervalMs` instead of every second. */
const quietAfterMs = 10_000;
const quietIntervalMs = 10_000;

/** Shows the progress of a load: one line that is updated on a terminal, otherwise lines. */
export function createLive(loop: Loop, stream: Parameters<typeof openProgressLine>[0]) {
  const line = openProgressLine(stream);
  const totalMs = durationMsOf(loop);
  let calls = 0;
  let errors = 0;
  return {
    interval: (interval: Interval) => {
      calls += interval.calls;
      errors += interval.errors;
      if (interval.start_ms >= totalMs) {
        return;
      }
      const { share, text } = progress(loop, interval.end_ms, calls);
      const seconds = (interval.end_ms - interval.start_ms) / 1_000;
      const figures = [
        `${(interval.calls / seconds).toFixed(0)} calls/s`,
        `p50 ${threeDigits(interval.p50_ms)} ms`,
        `p99 ${threeDigits(interval.p99_ms)} ms`,
        count(errors, "error"),
        ...(interval.client_limited.length > 0 ? ["client-limited"] : []),
      ].join("  ");
      if (stream.isTTY) {
        const done = Math.round(Math.min(1, share) * barWidth);
        const bar = "█".repeat(done) + "░".repeat(barWidth - done);
        line.show(() => `${bar} ${text}  ${figures}`);
      } else if (interval.end_ms <= quietAfterMs || interval.end_ms % quietIntervalMs === 0) {
        stream.write(`${text}  ${figures}\n`);
      }
    },
    clear: line.clear,
  };
}

function progress(loop: Loop, nowMs: number, calls: number): { share: number; text: string } {
  const requests = requestsOf(loop);
  if (requests !== undefined) {
    return { share: calls / requests, text: `${calls} of ${requests} calls` };
  }
  const totalMs = durationMsOf(loop);
  const [now, total] = [Math.min(nowMs, totalMs), totalMs].map((ms) => (ms / 1_000).toFixed(0));
  return { share: nowMs / totalMs, text: `${now} of ${total} s` };
}

import { Command } from "commander";
import { fail } from "../../cli/fail.ts";
import { buildReport } from "../report/build.ts";
import { assertWritable, type OutputFlags, planOutputs, writeOutputs } from "../report/outputs.ts";
import { publishReport } from "../report/publish.ts";
import type { Report } from "../report/report.ts";
import { checkSlo, figuresOf, parseSlo, type Slo } from "../report/slo.ts";
import { type LoadResult, runLoad } from "../run/run.ts";
import { createLive } from "./live.ts";
import {
  addCallOptions,
  addLoopOptions,
  type CallFlags,
  type LoopFlags,
  loopFrom,
} from "./options.ts";
import { prepareLoad, untilInterrupted } from "./prepare.ts";

const example = `
Exit codes: 0 good, 1 it could not run or no call succeeded, 2 an --slo was missed, 3 not the server
but this client was the limit, so that the figures say nothing about the server.

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

/** Makes a load and reports it. */
export function createRunCommand(): Command {
  const command = new Command("run")
    .description("Calls an RPC of any Connect, gRPC or gRPC-Web server many times, and reports.")
    .argument("<rpc>", "such as GetUser, or package.Service/Method of another server");
  addCallOptions(command);
  addLoopOptions(command);
  return command
    .optionsGroup("What comes of it:")
    .option(
      "--slo <threshold>",
      'such as "p99<50ms", "errors<0.1%", "rate>100"; may be repeated',
      collectSlo,
      [],
    )
    .option("--output <format>", "table, json, html; may be repeated", collect, [])
    .option("--output-file <file>", "where to; may be repeated", collect, [])
    .option("--json", "the report as JSON on standard output, and nothing else there")
    .option("--name <text>", "a title for the report")
    .option("--publish <url>", "sends the report to a ghz-web that runs there")
    .option("--project <name>", "ghz-web's project, made when missing (default: a new one)")
    .addHelpText("after", example)
    .action(async (rpc: string, flags: Flags) => {
      process.exitCode = await run(rpc, flags).catch(fail);
    });
}

async function run(rpc: string, flags: Flags): Promise<number> {
  const loop = loopFrom(flags, flags.threads);
  const outputs = planOutputs(flags);
  await assertWritable(outputs);
  if (flags.project !== undefined && flags.publish === undefined) {
    throw new Error("Expected --project together with --publish");
  }
  const signal = untilInterrupted();
  const prepared = await prepareLoad(rpc, flags);
  let result: LoadResult;
  const live = createLive(loop, process.stderr);
  try {
    result = await runLoad(prepared.plan(loop), { signal, onInterval: live.interval });
  } finally {
    live.clear();
    await prepared.close();
  }
  const report = buildReport(result, {
    url: prepared.url,
    strategy: flags.strategy ?? null,
    slo: flags.slo.map((slo) => checkSlo(slo, figuresOf(result))),
    ...(flags.name === undefined ? {} : { name: flags.name }),
  });
  await writeOutputs(report, outputs);
  if (flags.publish !== undefined) {
    const project = flags.project === undefined ? {} : { project: flags.project };
    const { address } = await publishReport(report, { url: flags.publish, ...project });
    process.stderr.write(`published: ${address}\n`);
  }
  return exitCode(report, result);
}

/** Says on standard error what is wrong, and gives the exit code for it. */
function exitCode({ unblock }: Report, { verdict, latency, codes, errors }: LoadResult): number {
  const missed = (unblock?.slo ?? []).filter(({ held }) => !held);
  for (const { slo, measured } of missed) {
    process.stderr.write(`missed: ${slo}, measured ${Number(measured.toPrecision(4))}\n`);
  }
  if (verdict.client_limited) {
    process.stderr.write(`the client was the limit: ${verdict.reasons.join("; ")}\n`);
    return 3;
  }
  if (missed.length > 0) {
    return 2;
  }
  if ((codes.ok ?? 0) === 0 && latency.count > 0) {
    const [first = "no call had an answer"] = Object.keys(errors);
    process.stderr.write(`error: no call succeeded; the first: ${first}\n`);
    return 1;
  }
  return 0;
}

function collect(value: string, previous: readonly string[]): string[] {
  return [...previous, value];
}

function collectSlo(value: string, previous: readonly Slo[]): Slo[] {
  return [...previous, parseSlo(value)];
}

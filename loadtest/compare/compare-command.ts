import { Command } from "commander";
import { fail } from "../../cli/fail.ts";
import { readReport } from "../report/read.ts";
import { type Comparison, compareReports } from "./compare.ts";
import { renderComparison } from "./comparison-table.ts";
import { type FailOn, parseFailOn } from "./fail-on.ts";

const example = `
A difference is real when chance alone does not explain it: its 95 % confidence interval, from
drawing stretches of both runs anew a thousand times, leaves out 0. An --fail-on fails when B is
worse than A by more than it says and the difference is real.

Exit codes: 0 good, 1 it could not compare, 2 an --fail-on failed.

Examples:
  npm run loadtest -- compare before.json after.json
  npm run loadtest -- compare main.json branch.json --fail-on 'p99+10%' --fail-on 'errors+0.1%'`;

interface Flags {
  readonly failOn: readonly FailOn[];
  readonly json?: boolean;
}

/** Says how two runs differ, and whether it is real. */
export function createCompareCommand(): Command {
  return new Command("compare")
    .description("Says per percentile how two reports differ, and whether it is real.")
    .argument("<a>", "a report as JSON, this client's or ghz's: before")
    .argument("<b>", "another: after")
    .option(
      "--fail-on <rule>",
      'such as "p99+10%", "p99+5ms", "rate-5%"; may be repeated',
      collect,
      [],
    )
    .option("--json", "the result as JSON, and nothing else")
    .addHelpText("after", example)
    .action(async (a: string, b: string, flags: Flags) => {
      process.exitCode = await compare(a, b, flags).catch(fail);
    });
}

async function compare(a: string, b: string, { failOn, json }: Flags): Promise<number> {
  const [reportA, reportB] = await Promise.all([readReport(a), readReport(b)]);
  const comparison = compareReports(reportA, reportB);
  const failed = failOn.filter((rule) => rule.failedBy(comparison.metrics)).map(({ text }) => text);
  process.stdout.write(
    json
      ? `${JSON.stringify(toJson(comparison, [a, b], failed))}\n`
      : renderComparison(comparison, process.stdout.isTTY),
  );
  for (const text of failed) {
    process.stderr.write(`failed: ${text}\n`);
  }
  return failed.length > 0 ? 2 : 0;
}

const unitNames = { ms: "ms", "%": "percent", "/s": "per_second" };

function toJson(
  { calls, metrics, warnings }: Comparison,
  [a, b]: readonly [string, string],
  failed: readonly string[],
) {
  return {
    a: { file: a, calls: calls[0] },
    b: { file: b, calls: calls[1] },
    metrics: metrics.map((one) => {
      const unit = unitNames[one.metric.unit];
      return {
        metric: one.metric.name,
        [`a_${unit}`]: one.a,
        [`b_${unit}`]: one.b,
        [`difference_${unit}`]: one.difference,
        change_percent: one.differencePercent,
        [`ci95_${unit}`]: one.interval,
        real: one.isReal,
        too_few_calls: one.tooFew,
      };
    }),
    warnings,
    failed,
  };
}

function collect(value: string, previous: readonly FailOn[]): FailOn[] {
  return [...previous, parseFailOn(value)];
}

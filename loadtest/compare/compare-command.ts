import { fail } from "@unblock/terminal/process";
import { type Paint, paintFor } from "@unblock/terminal/text";
import { Command, InvalidArgumentError } from "commander";
import { collectAs } from "../commands/options.ts";
import { groupThousands, threeDigits } from "../report/format.ts";
import { readReport } from "../report/read.ts";
import { type Comparison, compareReports, type MetricComparison } from "./compare.ts";
import { metrics } from "./metrics.ts";

const example = `
A difference is real if its 95 % confidence interval, from a bootstrap with a thousand resamples of
both runs, excludes 0. A --fail-on rule fails if B is worse than A by more than the given amount and
the difference is real.

Exit codes: 0 no rule failed, 1 could not compare, 2 a --fail-on rule failed.

Examples:
  npm run loadtest -- compare before.json after.json
  npm run loadtest -- compare main.json branch.json --fail-on 'p99+10%' --fail-on 'errors+0.1%'`;

interface Flags {
  readonly failOn: readonly FailOn[];
  readonly json?: boolean;
}

export function createCompareCommand(): Command {
  return new Command("compare")
    .description("Compares two reports and says which differences are real.")
    .argument("<a>", "report before, as JSON, of this client or ghz")
    .argument("<b>", "report after")
    .option("--fail-on <rule>", 'such as "p99+10%"; may be repeated', collectAs(parseFailOn), [])
    .option("--json", "print only the result, as JSON")
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
      ? `${JSON.stringify(toJson(comparison, a, b, failed))}\n`
      : renderComparison(comparison, paintFor(process.stdout)),
  );
  process.stderr.write(failed.map((text) => `failed: ${text}\n`).join(""));
  return failed.length > 0 ? 2 : 0;
}

const unitNames = { ms: "ms", "%": "percent", "/s": "per_second" };

function toJson(comparison: Comparison, a: string, b: string, failed: readonly string[]) {
  const { calls, metrics, warnings } = comparison;
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

/** A limit for how much worse a metric may become. */
export interface FailOn {
  readonly text: string;
  readonly failedBy: (compared: readonly MetricComparison[]) => boolean;
}

/** Parses "p99+10%", "p99+5ms", "errors+0.1%" (percentage points) or "rate-5%". */
export function parseFailOn(text: string): FailOn {
  const [, name, sign, max, unit] =
    /^([a-z0-9.]+?)\s*([+-])\s*(\d+(?:\.\d+)?)\s*(ms|%)$/.exec(text.trim()) ?? [];
  const metric = metrics.find((one) => one.name === name);
  const isWorse = sign === (metric?.lowerIsBetter ? "+" : "-");
  if (metric === undefined || !isWorse || (unit === "ms" && metric.unit !== "ms")) {
    const names = metrics.map((one) => one.name).join(", ");
    throw new InvalidArgumentError(
      `Expected one of ${names} and how much worse it may become, such as "p99+10%", "p99+5ms" or "rate-5%", got "${text}".`,
    );
  }
  // A limit of the error rate is in percentage points.
  const isAbsolute = unit === "ms" || metric.unit === "%";
  return {
    text,
    failedBy: (compared) =>
      compared.some((one) => {
        const change = isAbsolute ? one.difference : (one.differencePercent ?? 0);
        const worse = metric.lowerIsBetter ? change : -change;
        return one.metric === metric && one.isReal && worse > Number(max);
      }),
  };
}

export function renderComparison({ calls, metrics, warnings }: Comparison, paint: Paint): string {
  const [a, b] = calls.map(groupThousands);
  const lines = [
    `A ${a} calls, B ${b} calls; B − A with its 95 % confidence interval`,
    "",
    row("", "A", "B", "B − A", "", "95 % interval"),
    ...metrics.map((one) => {
      const { metric, a, b, difference, differencePercent, interval } = one;
      const [before, after] = [a, b].map((value) => `${threeDigits(value)} ${metric.unit}`);
      const percent = differencePercent === null ? "" : `${signed(differencePercent, 1)} %`;
      const range = interval.map((edge) => signed(edge)).join(" … ");
      const cells = row(metric.name, before, after, signed(difference), percent, range.padEnd(17));
      return `${cells} ${conclusion(one, paint)}`;
    }),
    ...warnings.map((warning) => `  note: ${warning}`),
  ];
  return `${lines.join("\n")}\n`;
}

function row(name: string, a = "", b = "", difference = "", percent = "", interval = ""): string {
  const [inA, inB, between] = [a, b, difference].map((text) => text.padStart(10));
  return `  ${name.padEnd(7)}${inA}${inB}${between}${percent.padStart(8)}  ${interval}`;
}

function conclusion(compared: MetricComparison, paint: Paint): string {
  const { tooFew, isReal, difference, metric } = compared;
  if (!isReal) {
    return tooFew ? "too few calls" : "no difference";
  }
  const isBetter = metric.lowerIsBetter === difference < 0;
  return isBetter ? paint("green", "better") : paint("red", "WORSE");
}

/** @param decimals default: three digits in all */
function signed(value: number, decimals?: number): string {
  const size = Math.abs(value);
  const text = decimals === undefined ? threeDigits(size) : size.toFixed(decimals);
  return Number(text) === 0 ? "0" : `${value < 0 ? "−" : "+"}${text}`;
}

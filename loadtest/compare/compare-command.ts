import { styleText } from "node:util";
import { fail } from "@unblock/terminal/fail";
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
    .option(
      "--fail-on <rule>",
      'such as "p99+10%", "p99+5ms", "rate-5%"; may be repeated',
      collectAs(parseFailOn),
      [],
    )
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

/** A limit for how much worse a metric may become. */
export interface FailOn {
  readonly text: string;
  readonly failedBy: (compared: readonly MetricComparison[]) => boolean;
}

/** Parses "p99+10%", "p99+5ms", "errors+0.1%" (percentage points) or "rate-5%". */
export function parseFailOn(text: string): FailOn {
  const [, name, sign, number, unit] =
    /^([a-z0-9.]+?)\s*([+-])\s*(\d+(?:\.\d+)?)\s*(ms|%)$/.exec(text.trim()) ?? [];
  const metric = metrics.find((one) => one.name === name);
  if (metric === undefined || unit === undefined) {
    const names = metrics.map((one) => one.name).join(", ");
    throw new InvalidArgumentError(
      `Expected one of ${names} with a limit, such as "p99+10%", "p99+5ms" or "rate-5%", got "${text}".`,
    );
  }
  const worse = metric.lowerIsBetter ? "+" : "-";
  if (sign !== worse) {
    throw new InvalidArgumentError(`Expected ${name}${worse}…, which is worse, got "${text}".`);
  }
  if (unit === "ms" && metric.unit !== "ms") {
    throw new InvalidArgumentError(`Expected ${name} in %, got "${text}".`);
  }
  const max = Number(number);
  // A limit of the error rate is in percentage points.
  const isAbsolute = unit === "ms" || metric.unit === "%";
  return {
    text,
    failedBy: (compared) => {
      const found = compared.find((one) => one.metric === metric);
      if (found === undefined || !found.isReal) {
        return false;
      }
      const change = isAbsolute ? found.difference : (found.differencePercent ?? 0);
      return (metric.lowerIsBetter ? change : -change) > max;
    },
  };
}

/** A comparison for a terminal. */
export function renderComparison(
  { calls, metrics, warnings }: Comparison,
  colour: boolean,
): string {
  const [a, b] = calls.map(groupThousands);
  const lines = [
    `A ${a} calls, B ${b} calls; B − A with its 95 % confidence interval`,
    "",
    `  ${"".padEnd(7)}${"A".padStart(10)}${"B".padStart(10)}${"B − A".padStart(10)}${"".padStart(8)}  95 % interval`,
    ...metrics.map((one) => row(one, colour)),
    ...warnings.map((warning) => `  note: ${warning}`),
  ];
  return `${lines.join("\n")}\n`;
}

function row(compared: MetricComparison, colour: boolean): string {
  const { metric, a, b, difference, differencePercent, interval } = compared;
  const percent = differencePercent === null ? "" : `${signed(differencePercent, 1)} %`;
  const cells = [
    `  ${metric.name.padEnd(7)}`,
    `${threeDigits(a)} ${metric.unit}`.padStart(10),
    `${threeDigits(b)} ${metric.unit}`.padStart(10),
    signed(difference).padStart(10),
    percent.padStart(8),
    `  ${`${signed(interval[0])} … ${signed(interval[1])}`.padEnd(17)}`,
  ];
  return `${cells.join("")} ${conclusion(compared, colour)}`;
}

function conclusion(
  { tooFew, isReal, difference, metric }: MetricComparison,
  colour: boolean,
): string {
  if (tooFew) {
    return "too few calls";
  }
  if (!isReal) {
    return "no difference";
  }
  const isBetter = metric.lowerIsBetter === difference < 0;
  const text = isBetter ? "better" : "WORSE";
  return colour ? styleText(isBetter ? "green" : "red", text, { validateStream: false }) : text;
}

/** @param decimals default: three digits in all */
function signed(value: number, decimals?: number): string {
  const size = Math.abs(value);
  const text = decimals === undefined ? threeDigits(size) : size.toFixed(decimals);
  return Number(text) === 0 ? "0" : `${value < 0 ? "−" : "+"}${text}`;
}

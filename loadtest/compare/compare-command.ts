import { styleText } from "node:util";
import { Command, InvalidArgumentError } from "commander";
import { fail } from "../../cli/fail.ts";
import { readReport } from "../report/read.ts";
import { type Comparison, compareReports, type MetricComparison } from "./compare.ts";
import { metrics } from "./metrics.ts";

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

/** How much worse a metric may become. */
export interface FailOn {
  /** As it was given. */
  readonly text: string;
  readonly failedBy: (compared: readonly MetricComparison[]) => boolean;
}

const names = metrics.map(({ name }) => name);

/**
 * Parses "p99+10%", "p99+5ms", "errors+0.1%" (percentage points) or "rate-5%". It fails when B is
 * worse than A by more than that and the difference is real.
 */
export function parseFailOn(text: string): FailOn {
  const [, name, sign, number, unit] =
    /^([a-z0-9.]+?)\s*([+-])\s*(\d+(?:\.\d+)?)\s*(ms|%)$/.exec(text.trim()) ?? [];
  const metric = metrics.find((one) => one.name === name);
  if (metric === undefined || unit === undefined) {
    throw new InvalidArgumentError(
      `Expected one of ${names.join(", ")} with how much it may grow or shrink, such as "p99+10%", "p99+5ms" or "rate-5%", got "${text}".`,
    );
  }
  const worse = metric.lowerIsBetter ? "+" : "-";
  if (sign !== worse) {
    throw new InvalidArgumentError(
      `Expected ${name}${worse}…, which is its worse side, got "${text}".`,
    );
  }
  if (unit === "ms" && metric.unit !== "ms") {
    throw new InvalidArgumentError(`Expected ${name} in %, got "${text}".`);
  }
  const limit = Number(number);
  // An error rate is a percentage itself; a part of it would be hard to read.
  const absolute = unit === "ms" || metric.unit === "%";
  return {
    text,
    failedBy: (compared) => {
      const found = compared.find((one) => one.metric === metric);
      if (found === undefined || !found.isReal) {
        return false;
      }
      const change = absolute ? found.difference : (found.differencePercent ?? 0);
      return (metric.lowerIsBetter ? change : -change) > limit;
    },
  };
}

/** A comparison for people. */
export function renderComparison(
  { calls, metrics, warnings }: Comparison,
  colour: boolean,
): string {
  const [a, b] = calls.map((count) => count.toLocaleString("en-US"));
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
    `${figure(a)} ${metric.unit}`.padStart(10),
    `${figure(b)} ${metric.unit}`.padStart(10),
    signed(difference, digits(difference)).padStart(10),
    percent.padStart(8),
    `  ${`${signed(interval[0], digits(interval[0]))} … ${signed(interval[1], digits(interval[1]))}`.padEnd(17)}`,
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

function figure(value: number): string {
  return value.toFixed(digits(value));
}

function signed(value: number, decimals: number): string {
  const text = Math.abs(value).toFixed(decimals);
  return Number(text) === 0 ? "0" : `${value < 0 ? "−" : "+"}${text}`;
}

function digits(value: number): number {
  const size = Math.abs(value);
  return size >= 100 ? 0 : size >= 10 ? 1 : 2;
}

import { styleText } from "node:util";
import type { Comparison, MetricComparison } from "./compare.ts";

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

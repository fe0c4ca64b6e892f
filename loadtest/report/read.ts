import { readFile } from "node:fs/promises";
import { LatencyHistogram } from "../histogram.ts";
import type { Report } from "./report.ts";

const advice =
  "run `npm run loadtest -- … --output json --output-file FILE`, or ghz with --format json";
const numbers = ["count", "total", "average", "fastest", "slowest", "rps"] as const;

/**
 * Reads a report of this client's or of ghz's.
 *
 * @throws Error for people when the file is none
 */
export async function readReport(path: string): Promise<Report> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new Error(`Could not read ${path} (${error.code ?? error.message})`);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Error(`Expected ${path} to be a report as JSON; ${advice}`);
  }
  if (!isReport(value)) {
    throw new Error(
      `Expected ${path} to be a report with ${numbers.join(", ")} and date, got ${described(value)}; ${advice}`,
    );
  }
  return value;
}

function isReport(value: unknown): value is Report {
  return (
    typeof value === "object" &&
    value !== null &&
    numbers.every((name) => Number.isFinite(Reflect.get(value, name))) &&
    typeof Reflect.get(value, "date") === "string" &&
    ["latencyDistribution", "histogram", "details"].every((name) =>
      isList(Reflect.get(value, name)),
    ) &&
    isOurs(Reflect.get(value, "unblock"))
  );
}

function isList(value: unknown): boolean {
  return value === undefined || value === null || Array.isArray(value);
}

function isOurs(value: unknown): boolean {
  if (value === undefined) {
    return true;
  }
  if (!isObject(value) || Reflect.get(value, "version") !== 1) {
    return false;
  }
  const at = (name: string): unknown => Reflect.get(value, name);
  const histograms = at("histograms");
  const intervals = at("intervals");
  return (
    ["load", "verdict", "environment", "ran_on", "details"].every((name) => isObject(at(name))) &&
    ["slowest", "slo"].every((name) => Array.isArray(at(name))) &&
    isObject(histograms) &&
    ["latency", "service"].every((name) => isHistogram(Reflect.get(histograms, name))) &&
    Array.isArray(intervals) &&
    intervals.every(
      (interval) => isObject(interval) && isHistogram(Reflect.get(interval, "histogram")),
    )
  );
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function isHistogram(value: unknown): boolean {
  try {
    return typeof value === "string" && LatencyHistogram.decode(value).count >= 0;
  } catch {
    return false;
  }
}

function described(value: unknown): string {
  return typeof value === "object" && value !== null
    ? `one with ${Object.keys(value).slice(0, 8).join(", ") || "nothing in it"}`
    : `${value}`;
}

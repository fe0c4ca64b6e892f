import { readFile } from "node:fs/promises";
import { LatencyHistogram } from "../histogram.ts";
import type { Report } from "./report.ts";

const advice =
  "run `npm run loadtest -- … --output json --output-file FILE`, or ghz with --format json";
const numbers = ["count", "total", "average", "fastest", "slowest", "rps"] as const;

/**
 * Reads a report of this client or of ghz.
 *
 * @throws Error when the file is no report
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
    const keys = isObject(value) ? Object.keys(value).slice(0, 8).join(", ") : "";
    const got = isObject(value) ? `an object with ${keys || "no keys"}` : `${value}`;
    throw new Error(
      `Expected ${path} to be a report with ${numbers.join(", ")} and date, got ${got}; ${advice}`,
    );
  }
  return value;
}

function isReport(value: unknown): value is Report {
  if (!isObject(value)) {
    return false;
  }
  const at = (name: string): unknown => Reflect.get(value, name);
  return (
    numbers.every((name) => Number.isFinite(at(name))) &&
    typeof at("date") === "string" &&
    ["latencyDistribution", "histogram", "details"].every((name) => {
      const list = at(name) ?? [];
      return Array.isArray(list);
    }) &&
    (at("unblock") === undefined || isUnblockReport(at("unblock")))
  );
}

function isUnblockReport(value: unknown): boolean {
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

import { reasonOf } from "@unblock/errors/failure";
import { readGivenFile } from "../files.ts";
import { LatencyHistogram } from "../histogram.ts";
import { intervalOf } from "../run/timeline.ts";
import type { Detail, FullReport, Report, UnblockReport } from "./report.ts";

const numbers = ["count", "total", "average", "fastest", "slowest", "rps"] as const;

/**
 * Reads a report of this client or of ghz.
 *
 * @throws Error when the file is no report
 */
export async function readReport(path: string): Promise<FullReport> {
  const text = (await readGivenFile(path)).toString();
  try {
    const report: Report = JSON.parse(text);
    assertReport(report);
    return completeReport(report);
  } catch (error) {
    throw new Error(
      `Expected ${path} to be a report as JSON, of \`npm run loadtest -- … --output json\` or of ghz with ` +
        `--format json (${reasonOf(error)})`,
    );
  }
}

/** @throws Error when something is missing that the other functions rely on */
function assertReport({ date, latencyDistribution, histogram, details, ...report }: Report): void {
  const { unblock } = report;
  const wrong = numbers.find((name) => !Number.isFinite(report[name]));
  if (wrong !== undefined || typeof date !== "string") {
    throw new Error(`expected ${numbers.join(", ")} and date`);
  }
  for (const list of [latencyDistribution, histogram, details, unblock?.slowest, unblock?.slo]) {
    if (!Array.isArray(list ?? [])) {
      throw new Error("expected lists of calls");
    }
  }
  if (unblock !== undefined) {
    const { version, histograms, intervals, verdict, ran_on, details: listed } = unblock;
    if (version !== 1 || verdict.reasons === undefined || !ran_on || !listed) {
      throw new Error(`expected version 1 of the data of this client, got ${version}`);
    }
    const encoded = [
      histograms.latency,
      histograms.service,
      ...intervals.map((one) => one.histogram),
    ];
    encoded.forEach(LatencyHistogram.decode);
  }
}

/** Adds to a report of ghz what follows from the calls that it lists. */
export function completeReport(report: Report): FullReport {
  return { ...report, unblock: report.unblock ?? describeGhz(report) };
}

function describeGhz({ count, details, histogram }: Report): UnblockReport {
  const listed = details ?? [];
  const marks = (histogram ?? []).map((one) => ({ ms: one.mark * 1_000, count: one.count }));
  const latency = listed.length > 0 ? histogramOf(listed) : LatencyHistogram.of(marks);
  const bySecond = Map.groupBy(listed, ({ timestamp }) =>
    Math.floor(Date.parse(timestamp) / 1_000),
  );
  const first = Math.min(...bySecond.keys());
  const intervals = [...bySecond].map(([second, calls]) => {
    const startMs = (second - first) * 1_000;
    const figures = {
      ...{ startMs, endMs: startMs + 1_000, sent: calls.length, calls: calls.length },
      errors: calls.filter(({ status }) => status !== "OK").length,
      ...{ loopDelayMaxMs: 0, stalledMs: 0, gcMs: 0, activeMs: 0 },
    };
    return intervalOf(figures, histogramOf(calls), undefined);
  });
  return {
    version: 1,
    details: { sampled: false, uniform: listed.length, slowest: 0, of: count },
    histograms: { latency: latency.encode(), service: latency.encode() },
    intervals: intervals.sort((a, b) => a.start_ms - b.start_ms),
    verdict: { client_limited: false, reasons: [] },
    ...{ slowest: [], unfinished: 0, held_back: 0, ran_on: {}, slo: [] },
  };
}

function histogramOf(calls: readonly Detail[]): LatencyHistogram {
  return LatencyHistogram.of(calls.map(({ latency }) => ({ ms: latency / 1e6, count: 1 })));
}

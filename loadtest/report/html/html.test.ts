import { makeReport } from "@unblock/test/reports";
import { describe, expect, test } from "vitest";
import { completeReport } from "../read.ts";
import type { FullReport } from "../report.ts";
import { type Chart, chartsOf, renderHtml } from "./html.ts";

const seconds = Array.from({ length: 5 }, () => ({ latenciesMs: [1, 2, 3, 4, 50] }));
const attack = "</script><img src=x onerror=alert(1)>\"'";

/** The data for the page's script. */
function dataOf(page: string): unknown {
  const [, json = ""] =
    /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(page) ?? [];
  return JSON.parse(json);
}

describe("renderHtml", () => {
  test("is self-contained", () => {
    const page = renderHtml(makeReport(seconds));
    const withoutScripts = page.replace(/<script>.*?<\/script>/gs, "");
    expect(withoutScripts).not.toMatch(/\b(src|href)\s*=|@import|url\(/);
    expect(page).not.toMatch(/import\(|fetch\(|XMLHttpRequest/);
  });

  test("has figures, charts with a table each, and the environment", () => {
    const page = renderHtml(makeReport(seconds));
    for (const id of ["percentiles", "latency", "throughput", "histogram"]) {
      expect(page).toContain(`id="${id}" role="img"`);
    }
    expect(page.match(/<summary>Data as a table<\/summary>/g)).toHaveLength(4);
    expect(page).toMatch(/<dt>p50<\/dt><dd>3(\.\d+)? ms<\/dd>/);
    expect(page).toMatch(/<dt>p99<\/dt><dd>50(\.\d+)? ms<\/dd>/);
    expect(page).toContain("2 × a CPU, Linux 6.1");
    expect(page).not.toContain("Not trustworthy");
    expect(dataOf(page)).toEqual(chartsOf(makeReport(seconds)));
  });

  test("escapes values of the report", () => {
    const page = renderHtml(
      makeReport(
        seconds,
        {
          name: attack,
          options: { call: attack, host: attack },
          errorDistribution: { [attack]: 1 },
          statusCodeDistribution: { [attack]: 1 },
        },
        {
          ran_on: { [attack]: 1 },
          slo: [{ slo: attack, measured: 1, held: false }],
          verdict: { client_limited: true, reasons: [attack] },
          environment: { node: attack, os: attack, cpu: attack, cores: 1 },
          slowest: [
            {
              ...{ n: 1, intended_ms: 0, sent_ms: 0, written_ms: 0, ended_ms: 1, latency_ms: 1 },
              ...{ status: attack, error: attack, thread: 0, connection: 0, ran_on: attack },
              steps: [{ name: attack, ms: 1 }],
            },
          ],
        },
      ),
    );
    expect(page).not.toContain("<img");
    expect(page).toContain("&lt;/script&gt;&lt;img src=x onerror=alert(1)&gt;&quot;&#39;");
    expect(dataOf(page)).toBeTruthy();
    expect(page.match(/<script/g)).toHaveLength(3);
  });

  test("renders a report of ghz, and no charts without calls", () => {
    const { unblock: _, ...ghz } = makeReport(seconds);
    expect(renderHtml(completeReport(ghz))).toContain("made by</td><td>ghz");
    const none = renderHtml(makeReport([]));
    expect(none).not.toContain('class="chart"');
    expect(none).toMatch(/<dt>calls<\/dt><dd>0<\/dd>/);
  });
});

describe("chartsOf", () => {
  const rowsOf = (report: FullReport, id: Chart["id"]) =>
    chartsOf(report).find((chart) => chart.id === id)?.rows ?? [];

  test("has percentiles up to one call", () => {
    const names = (calls: number) =>
      rowsOf(makeReport([{ latenciesMs: Array(calls).fill(1) }]), "percentiles").map(
        ([name]) => name,
      );
    expect(names(1)).toEqual(["0 %"]);
    expect(names(10).at(-1)).toBe("90 %");
    expect(names(1_000).at(-1)).toBe("99.9 %");
  });

  test("has gaps in seconds without calls", () => {
    const rows = rowsOf(makeReport([{ latenciesMs: [1] }, { latenciesMs: [] }]), "latency");
    expect(rows.map(([, p50]) => p50)).toEqual([1, null]);
  });

  test("counts each call once in the histogram", () => {
    const rows = rowsOf(makeReport(seconds), "histogram");
    expect(rows.reduce((sum, [, calls]) => sum + Number(calls), 0)).toBe(25);
    const marks = rows.map(([mark]) => Number(mark));
    expect(marks).toEqual(marks.toSorted((a, b) => a - b));
  });

  test("has the seconds of a report of ghz", () => {
    const { unblock: _, ...ghz } = makeReport(seconds, {
      details: [1_000, 1_500, 3_200].map((ms) => ({
        timestamp: new Date(1e12 + ms).toISOString(),
        latency: 7e6,
        error: "",
        status: ms === 1_500 ? "Unavailable" : "OK",
      })),
    });
    const rows = rowsOf(completeReport(ghz), "throughput");
    expect(rows).toEqual([
      [1, 2, 1],
      [3, 1, 0],
    ]);
  });
});

import { colourPaint, plainPaint } from "@unblock/terminal/text";
import { makeReport } from "@unblock/test/reports";
import { describe, expect, test } from "vitest";
import { completeReport } from "./read.ts";
import type { FullReport, SlowCall } from "./report.ts";
import { renderTable } from "./table.ts";

const seconds = Array.from({ length: 8 }, (_, second) => ({
  latenciesMs: [1, 2, second === 4 ? 950 : 3],
}));
const slow: SlowCall = {
  n: 1_234,
  intended_ms: 4_000,
  sent_ms: 4_001,
  written_ms: 4_002.5,
  began_ms: 4_010,
  ended_ms: 4_950,
  latency_ms: 950,
  status: "OK",
  error: "",
  thread: 0,
  connection: 0,
  steps: [
    { name: "queue", ms: 600 },
    { name: "work", ms: 300 },
  ],
  ran_on: "blocking-pool;pid=1;thread=2",
};

function show(report: FullReport): string {
  const text = renderTable(report, plainPaint, 80);
  for (const line of text.split("\n")) {
    expect(line.length, line).toBeLessThanOrEqual(80);
  }
  return text;
}

describe("the table", () => {
  test("of an open loop has latency and service time, and shows a stall", () => {
    const text = show(makeReport(seconds, {}, { ran_on: { threads: 24 }, slowest: [slow] }));
    expect(text).toMatch(
      /^shop.v1.Orders\/GetOrder\n +load +gRPC HTTP\/2, 100 per second for 8 s, 1 connection\n/,
    );
    expect(text).toMatch(/calls +24 in 8.00 s, 3.0 per second\n/);
    expect(text).toMatch(/status +24 OK\n/);
    expect(text).toMatch(
      /latency( +[\d.]+){7}\n +service( +[\d.]+){7}\n +sent late( +[\d.]+){7}\n/,
    );
    expect(text).toMatch(/over time +▁▁▁▁█▁▁▁ {2}p99, up to 950\n/);
    expect(text).toMatch(/ran on +threads \(24\)\n/);
    expect(text).toMatch(
      /slowest +950 ms: client 2.50, queue 600, work 300, rest 47.5 {2}\(call 1234\)\n/,
    );
    expect(text).not.toMatch(/TRUSTWORTHY|threshold|errors|unfinished|held back/);
  });

  test("of a closed loop and a server stream has message times instead", () => {
    const base = makeReport(seconds);
    const { load, histograms } = base.unblock;
    if (!load) {
      throw new Error("Expected a report of our own");
    }
    const text = show(
      makeReport(
        seconds,
        {},
        {
          load: {
            ...load,
            kind: "server_streaming",
            protocol: "connect",
            codec: "json",
            http: "1.1",
            strategy: "blocking-pool",
            threads: 2,
            loop: { kind: "closed", concurrency: 7 },
          },
          histograms: {
            latency: histograms.latency,
            service: histograms.service,
            first_message: histograms.latency,
            message_gap: histograms.latency,
          },
        },
      ),
    );
    expect(text).toContain("blocking-pool Connect JSON HTTP/1.1, 7 at a time, 1 connection, 2");
    expect(text).toMatch(/1st msg( +[\d.]+){7}\n +msg gap( +[\d.]+){7}\n/);
    expect(text).not.toMatch(/service|sent late/);
  });

  test("has failures, unfinished calls, thresholds and the verdict", () => {
    const text = show(
      makeReport(
        [{ latenciesMs: [1, 2, 3, 4], errors: 3 }],
        { errorDistribution: { [`bad \x1b[2J\n${"long ".repeat(40)}`]: 2, short: 1 } },
        {
          unfinished: 7,
          held_back: 9,
          slo: [
            { slo: "p99<50ms", measured: 4.004, held: true },
            { slo: "errors<1%", measured: 75, held: false },
          ],
          verdict: { client_limited: true, reasons: ["it was busy"] },
        },
      ),
    );
    expect(text).toMatch(/status +1 OK, 3 ResourceExhausted\n/);
    expect(text).toMatch(/errors +2 × bad \[2J long long .*…\n +1 × short\n/);
    expect(text).toMatch(/unfinished +7 /);
    expect(text).toMatch(/held back +9 /);
    expect(text).toMatch(
      /threshold +✓ p99<50ms {2}measured 4.004\n +threshold +✗ errors<1% {2}measured 75\n/,
    );
    expect(text).toMatch(/NOT TRUSTWORTHY: .*: it was busy\.\n/);
  });

  test("marks seconds without a response", () => {
    const text = show(
      makeReport([{ latenciesMs: [1] }, { latenciesMs: [] }, { latenciesMs: [2] }]),
    );
    expect(text).toMatch(/over time +.·█/);
  });

  test("renders a report of ghz and a run without calls", () => {
    const { unblock: _, ...ghz } = makeReport(seconds, {
      options: { call: "a.B/C", concurrency: 5 },
    });
    expect(show(completeReport(ghz))).toMatch(
      /^a.B\/C\n +load +by ghz: 5 at a time, 1 connection\n/,
    );
    expect(show(makeReport([]))).toMatch(/calls +0 in 0.00 ms, 0.0 per second\n/);
  });

  test("has colours only on request", () => {
    const failing = makeReport([{ latenciesMs: [1], errors: 1 }]);
    expect(renderTable(failing, colourPaint, 80)).toContain("\x1b[31m1 ResourceExhausted");
    expect(renderTable(failing, plainPaint, 80)).not.toContain("\x1b");
  });
});

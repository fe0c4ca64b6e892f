import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { plainPaint } from "@unblock/terminal/text";
import { runCommand } from "@unblock/test/cli";
import { temporaryFolder } from "@unblock/test/folder";
import { hasProgram } from "@unblock/test/programs";
import { makeReport } from "@unblock/test/reports";
import { startTestServer } from "@unblock/test/test-server";
import { describe, expect, test } from "vitest";
import { renderHtml } from "./html/html.ts";
import { readReport } from "./read.ts";
import { renderTable } from "./table.ts";

const folder = temporaryFolder();

async function read(value: unknown) {
  const path = join(folder, "report.json");
  await writeFile(path, typeof value === "string" ? value : JSON.stringify(value));
  return readReport(path);
}

test("a report is read as it was written", async () => {
  const report = makeReport([{ latenciesMs: [1, 2] }]);
  expect(await read(report)).toEqual(report);
});

describe.skipIf(!hasProgram("ghz"))("a report of ghz", () => {
  test.each(["json", "pretty"])("in the format %s is read and rendered", async (format) => {
    const server = await startTestServer();
    try {
      const { stdout, code } = await runCommand("ghz", [
        ...["--insecure", "--import-paths", "proto", "--proto", "unblock/v1/vitals.proto"],
        ...["--call", "unblock.v1.VitalsService/Ping", "-c", "5", "-n", "40", "--format", format],
        new URL(server.url).host,
      ]);
      expect(code).toBe(0);
      const report = await read(stdout);
      expect(report).toMatchObject({ count: 40, statusCodeDistribution: { OK: 40 } });
      const table = renderTable(report, plainPaint, 80);
      expect(table).toMatch(/^unblock.v1.VitalsService\/Ping\n +load +by ghz: 5 at a time/);
      expect(renderHtml(report)).toContain("40 of 40 calls");
    } finally {
      await server.close();
    }
  });
});

const ours = makeReport([{ latenciesMs: [1] }]);
test.each([
  "",
  "<html>",
  [],
  { count: 1 },
  { ...ours, count: "1" },
  { ...ours, details: {} },
  { ...ours, unblock: { version: 2 } },
  { ...ours, unblock: { ...ours.unblock, histograms: null } },
  { ...ours, unblock: { ...ours.unblock, intervals: [{}] } },
  { ...ours, unblock: { ...ours.unblock, histograms: { latency: "x", service: "y" } } },
])("a file that is no report is rejected: %j", async (value) => {
  await expect(read(value)).rejects.toThrow("report.json");
});

import type { Report } from "../../loadtest/report/report.ts";

export interface Output {
  readonly who: string;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The report that a load client printed.
 *
 * @throws Error when there is none, or when a call failed: a failure is quicker than an answer, and
 * must not count as one
 */
export function readReport(output: Output): Report {
  const report = readAnyReport(output);
  const codes = report.statusCodeDistribution ?? {};
  if (Object.keys(codes).some((name) => name !== "OK") || report.count === 0) {
    const messages = Object.keys(report.errorDistribution ?? {}).slice(0, 3);
    throw new Error(
      `Expected ${output.who} to have no failed call, got ${JSON.stringify(codes)} ${messages.join("; ")}`,
    );
  }
  return report;
}

/**
 * The report that a load client printed, also of calls that failed.
 *
 * @throws Error when there is none
 */
export function readAnyReport({ who, code, stdout, stderr }: Output): Report {
  let report: Partial<Report> | null;
  try {
    report = JSON.parse(stdout);
  } catch {
    report = null;
  }
  if (!isReport(report)) {
    const said = stderr === "" ? ", with nothing on standard error" : `: ${stderr}`;
    throw new Error(
      `Expected ${who} to print its report, got ${shorten(stdout)}; exit code ${code}${said}`,
    );
  }
  return report;
}

function isReport(value: Partial<Report> | null): value is Report {
  return (
    typeof value?.count === "number" &&
    typeof value.total === "number" &&
    typeof value.rps === "number"
  );
}

function shorten(text: string): string {
  return text.trim() === "" ? "nothing" : `"${text.trim().slice(0, 200)}"`;
}

import type { Report } from "../../loadtest/report/report.ts";
import type { GoTool } from "../../tools/go-tool.ts";
import type { Load } from "./bench.ts";
import { type Command, runChild } from "./children.ts";
import { readReport } from "./read-report.ts";

/** The version that figures are compared with; another would make them others. */
export const ghzTool: GoTool = {
  name: "ghz",
  module: "github.com/bojand/ghz",
  folder: "cmd/ghz",
  version: "v0.93.0",
};

/** How ghz is asked for a load. */
export function ghzCommand(ghz: string, { url, target, connections, flags }: Load): Command {
  return [
    ghz,
    ...["--insecure", "--protoset", target.descriptorSet, "--call", target.rpc],
    ...["--data", target.data, "--format", "json"],
    ...["--connections", String(connections), "--timeout", "20s"],
    ...flags,
    new URL(url).host,
  ];
}

/** Runs ghz and reads its report. */
export async function runGhz(command: Command, limitMs: number): Promise<Report> {
  const { code, stdout, stderr } = await runChild(command, limitMs);
  return readReport({ who: "ghz", code, stdout, stderr });
}

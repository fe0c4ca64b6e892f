import { readFileSync } from "node:fs";
import { runCommand } from "@unblock/test/cli";
import { describe, expect, test } from "vitest";

const packageJson = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
const { scripts }: { scripts: Record<string, string> } = JSON.parse(packageJson);

/** The npm scripts that are commands of the project, with their files. */
const commands = Object.entries(scripts).flatMap(([name, script]) => {
  const [, file] = /^exec node (\S+)$/.exec(script) ?? [];
  return file === undefined ? [] : [{ name, file }];
});

const helpOf = (file: string, ...subcommands: string[]) =>
  runCommand(process.execPath, [file, ...subcommands, "--help"]);

describe("every command", () => {
  test("is found in package.json", () => {
    expect(commands.map(({ name }) => name)).toContain("start");
  });

  test.each(commands)("npm run $name prints its help with --help", async ({ file }) => {
    const { code, stdout, stderr } = await helpOf(file);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^Usage: npm (run|start)/);
  });

  test.each([
    "call",
    "loadtest run",
    "loadtest capacity",
    "loadtest compare",
    "loadtest report",
    "worker failed",
    "worker retry",
    "lab",
    "bench load",
    "bench rpc",
    "bench backends",
    "bench diagnose",
    "conformance",
    "check",
    "check:author",
  ])("npm run %s takes --json", async (words) => {
    const [name, ...subcommands] = words.split(" ");
    const command = commands.find((one) => one.name === name);
    const { stdout } = await helpOf(command?.file ?? "", ...subcommands);
    expect(stdout).toMatch(/^ +--json /m);
  });
});

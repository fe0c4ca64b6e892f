import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type RunningCommand, startCommand } from "@unblock/test/cli";
import { expect, vi } from "vitest";

/** Timeout for a response of an app, on however busy a machine. */
const responseMs = 20_000;

/** A finding of `--json`, as far as tests read it. */
export interface Finding {
  readonly diagnosis: string;
  readonly id: string;
  readonly thread: { readonly file: string; readonly ids: readonly number[] } | null;
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
  readonly calls: string | null;
  readonly code: string | null;
  readonly other_lines: readonly { readonly line: number; readonly count: number }[];
  readonly finding: string;
  readonly numbers: Readonly<Record<string, number>>;
}

/** A diagnosed app in a process of its own. */
export interface App extends RunningCommand {
  /** Calls a path. @returns the body of the response */
  call(path: string): Promise<string>;
  /** Asks for a report by SIGUSR2. */
  report(): Promise<string>;
  /** The same, parsed; if the app runs with `--json`. */
  findings(): Promise<Finding[]>;
}

const folder = "packages/diagnose/test";
const asJson = ["--import", "./packages/diagnose/main.ts?json"];
export const asText = ["--import", "./packages/diagnose/main.ts"];

interface Options {
  /** Arguments of the app. */
  readonly args?: readonly string[];
  /** Arguments of Node before the app's file; by default reports are JSON lines on standard error. */
  readonly node?: readonly string[];
  /** By default the app of that name in this folder. */
  readonly file?: string;
  /** Where the app's standard output goes. */
  readonly urlOn?: "stdout" | "stderr";
}

const started: RunningCommand[] = [];

/** Kills all apps, for `afterEach` or `afterAll`. */
export async function stopApps(): Promise<void> {
  for (const { child, exited } of started.splice(0)) {
    child.kill("SIGKILL");
    await exited;
  }
}

/** Starts an app and waits until it serves. */
export async function startApp(
  name: string,
  { args = [], node = asJson, file = `${folder}/${name}.ts`, urlOn = "stdout" }: Options = {},
): Promise<App> {
  const program = [...node, file, ...args];
  // Node's default, whatever the tests run with.
  const command = startCommand(process.execPath, program, { UV_THREADPOOL_SIZE: "4" });
  started.push(command);
  const url = await vi.waitFor(() => urlOf(command, urlOn), responseMs);
  const report = async () => {
    const before = command.stderr().length;
    command.child.kill("SIGUSR2");
    return vi.waitFor(() => reportIn(command.stderr().slice(before)), responseMs);
  };
  return {
    ...command,
    call: async (path) => (await fetch(`${url}${path}`)).text(),
    report,
    findings: async () => findingsIn(await report()),
  };
}

/** Parses the findings of a report in JSON lines. */
export function findingsIn(report: string): Finding[] {
  return report
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
    .filter(({ type }) => type === "finding");
}

/**
 * Calls a path until a finding has the wanted properties, as a blockage may be recognised only when it comes again.
 * Fails if none has them after 20 s.
 *
 * @returns all findings
 */
export async function callUntilFound(
  app: App,
  path: string,
  wanted: Partial<Record<keyof Finding, unknown>>,
): Promise<Finding[]> {
  return vi.waitFor(async () => {
    await app.call(path);
    const findings = await app.findings();
    expect(findings).toContainEqual(expect.objectContaining(wanted));
    return findings;
  }, responseMs);
}

/** Properties of a finding at the line of an app that ends with a mark. */
export function findingAt(diagnosis: string, name: string, mark: string) {
  const line = markedLine(name, mark);
  // V8 can interrupt a loop where it begins anew, so the loop's head is right, too.
  const isInLoop = linesOf(name)[line - 2]?.trimStart().startsWith("for (");
  return {
    diagnosis,
    file: `${folder}/${name}.ts`,
    line: expect.toBeOneOf(isInLoop ? [line - 1, line] : [line]),
  };
}

/** Number of the line of an app that ends with a mark, from 1. */
export function markedLine(name: string, mark: string): number {
  return linesOf(name).findIndex((line) => line.endsWith(`// ${mark}`)) + 1;
}

function linesOf(name: string): string[] {
  const file = fileURLToPath(new URL(`${name}.ts`, import.meta.url));
  return readFileSync(file, "utf8").split("\n");
}

function urlOf(command: RunningCommand, urlOn: "stdout" | "stderr"): string {
  const [url] = command[urlOn]().match(/http:\S+/) ?? [];
  if (url === undefined) {
    const { child, stderr } = command;
    throw new Error(`Expected the app to serve, got ${child.exitCode}: ${stderr()}`);
  }
  return url;
}

/** A whole report: text ends with a line break, and JSON lines end with a summary. */
function reportIn(text: string): string {
  const isWhole = text.startsWith("{")
    ? /^\{"type":"summary".*\}\n$/m.test(text)
    : text.startsWith("unblock diagnose: ") && text.endsWith("\n");
  if (!isWhole) {
    throw new Error(`Expected a report, got "${text}"`);
  }
  return text;
}

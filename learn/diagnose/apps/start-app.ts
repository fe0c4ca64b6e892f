import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { vi } from "vitest";
import { type RunningCommand, startCommand } from "../../../testing/cli.ts";

/** How long an app may take to say something, on however busy a machine, in milliseconds. */
const answerMs = 20_000;

/** An app that is diagnosed, in a process of its own. */
export interface App extends RunningCommand {
  /** Calls a path, and gives the reply's text. */
  call(path: string): Promise<string>;
  /** Asks it for a report, and gives that. */
  report(): Promise<string>;
}

const folder = "learn/diagnose/apps";

/** Starts one with `node --import ./learn/diagnose.ts` or what else is given. */
export async function startApp(
  name: string,
  {
    args = [],
    node = ["--import", "./learn/diagnose.ts"],
    file = `${folder}/${name}.ts`,
    urlOn = "stdout",
  }: Start = {},
): Promise<App> {
  const program = [...node, file, ...args];
  // As Node has it, whatever the tests run with.
  const command = startCommand(process.execPath, program, { UV_THREADPOOL_SIZE: "4" });
  const url = await vi.waitFor(() => urlOf(command, urlOn), answerMs);
  return {
    ...command,
    call: async (path) => (await fetch(`${url}${path}`)).text(),
    report: async () => {
      const before = command.stderr().length;
      command.child.kill("SIGUSR2");
      return vi.waitFor(() => reportIn(command.stderr().slice(before)), answerMs);
    },
  };
}

interface Start {
  /** The app's own arguments. */
  readonly args?: readonly string[];
  /** What is before it on the command line. */
  readonly node?: readonly string[];
  /** Where it is, if it is not one of those here. */
  readonly file?: string;
  /** Where its standard output goes. */
  readonly urlOn?: "stdout" | "stderr";
}

/**
 * Calls a path until the report has what is looked for, or for long enough: what is not seen the first
 * time is when it comes again. Gives the last report.
 */
export async function callUntilReported(app: App, path: string, wanted: RegExp): Promise<string> {
  let report = "";
  const isReported = async () => {
    await app.call(path);
    report = await app.report();
    return wanted.test(report);
  };
  await vi.waitUntil(isReported, answerMs).catch(() => {});
  return report;
}

/** What a report says of a diagnosis at the line of an app that has a mark. */
export function diagnosisAt(diagnosis: string, name: string, mark: string): RegExp {
  const line = markedLine(name, mark);
  // V8 lets a look in where a loop begins anew, so the line before is as right where that is its head.
  const isInLoop = linesOf(name)[line - 2]?.trimStart().startsWith("for (");
  const lines = isInLoop ? `(${line - 1}|${line})` : line;
  return new RegExp(`^${diagnosis} at ${folder}/${name}\\.ts:${lines}$`, "m");
}

/** From 1. */
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

function reportIn(text: string): string {
  if (!text.startsWith("unblock diagnose: ") || !text.endsWith("\n")) {
    throw new Error(`Expected a report, got "${text}"`);
  }
  return text;
}

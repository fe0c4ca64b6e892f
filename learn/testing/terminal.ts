import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";
import { hasProgram } from "@unblock/test/programs";

/** A program of the project on a terminal of 80 columns and 24 rows. */
export interface TestTerminal {
  /** Everything written so far. */
  written(): string;
  /** The last frame of a program that draws whole frames, without colours. */
  screen(): string;
  /** Presses keys, such as "n" or "\x03" for Ctrl-C. */
  type(keys: string): void;
  /** Resolves with the program's exit code. */
  readonly exited: Promise<number | null>;
  close(): void;
}

const beginFrame = "\x1b[?2026h\x1b[H";
const root = fileURLToPath(new URL("../..", import.meta.url));

/** Whether the `script` of util-linux is installed; others take different arguments. */
export function hasTerminals(): boolean {
  return (
    hasProgram("script") &&
    spawnSync("script", ["--version"], { encoding: "utf8" }).stdout.includes("util-linux")
  );
}

/** @param after shell command to run when the program has exited */
export function openTerminal(
  program: URL,
  args: readonly string[],
  { after = "true", env = {} }: { after?: string; env?: Readonly<Record<string, string>> } = {},
): TestTerminal {
  const node = [process.execPath, fileURLToPath(program), ...args]
    .map((word) => `'${word}'`)
    .join(" ");
  const command = `stty cols 80 rows 24; ${node}; code=$?; ${after}; exit $code`;
  // Removes variables that would change what the program takes its terminal for.
  const { FORCE_COLOR: _, NO_COLOR: __, CI: ___, ...inherited } = process.env;
  const child: ChildProcess = spawn("script", ["-qec", command, "/dev/null"], {
    cwd: root,
    env: { ...inherited, TERM: "xterm-256color", ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => {
    text += chunk;
  });
  return {
    written: () => text,
    screen: () => {
      const frame = text.split(beginFrame).at(-1) ?? "";
      return stripVTControlCharacters(frame).replaceAll("\r\n", "\n");
    },
    type: (keys) => child.stdin?.write(keys),
    exited: once(child, "close").then(([code]: (number | null)[]) => code ?? null),
    close: () => child.kill("SIGKILL"),
  };
}

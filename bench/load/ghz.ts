import { constants, existsSync } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { Report } from "../../loadtest/report/report.ts";
import type { Load } from "./bench.ts";
import { type Command, root, runChild } from "./children.ts";
import { readReport } from "./read-report.ts";

/** The version that figures are compared with; another would make them others. */
export const ghzVersion = "v0.93.0";

const goModule = "github.com/bojand/ghz";
/** Git ignores it. */
const installFolder = join(root, "bench", ".bin");
/** It downloads and compiles, in milliseconds. */
const installLimitMs = 600_000;

/**
 * The path of ghz in the pinned version: from the PATH or from CI's tools, or installed into this
 * project's folder.
 *
 * @param onInstall told before it is installed, which takes a minute or two
 * @throws Error when there is none and it can't be installed
 */
export async function findGhz(onInstall: () => void): Promise<string> {
  const folders = [
    installFolder,
    join(root, ".ci", "bin"),
    ...(process.env.PATH ?? "").split(delimiter),
  ];
  for (const folder of folders) {
    const file = join(folder, "ghz");
    if (await isPinned(file)) {
      return file;
    }
  }
  onInstall();
  await install();
  return join(installFolder, "ghz");
}

/** Looks at what Go's linker writes into each program; one that `go install` made says only "dev". */
export async function isPinned(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await readFile(file)).includes(`mod\t${goModule}\t${ghzVersion}\t`);
  } catch {
    return false;
  }
}

async function install(): Promise<void> {
  const target = `${goModule}/cmd/ghz@${ghzVersion}`;
  const byHand = `install it yourself so that it is on the PATH: go install ${target}`;
  const go = (process.env.PATH ?? "").split(delimiter).find((one) => existsSync(join(one, "go")));
  if (go === undefined) {
    throw new Error(
      `Expected ghz ${ghzVersion} on the PATH, found neither it nor Go to install it with. ` +
        `Get Go from https://go.dev/dl and run this again, or ${byHand}`,
    );
  }
  const command: Command = ["env", `GOBIN=${installFolder}`, join(go, "go"), "install", target];
  const { code, stderr } = await runChild(command, installLimitMs);
  if (code !== 0) {
    throw new Error(`Expected to install ghz ${ghzVersion}; Go said:\n${stderr}\nOr ${byHand}`);
  }
}

/** How ghz is asked for the RPC that all servers here have. */
export function ghzCommand(ghz: string, { url, connections, flags }: Load): Command {
  return [
    ghz,
    ...["--insecure", "--import-paths", "proto", "--proto", "unblock/v1/vitals.proto"],
    ...["--call", "unblock.v1.VitalsService/Ping", "--format", "json"],
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

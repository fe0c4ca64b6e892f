import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A Go program, pinned to the version behind all figures and verdicts. */
export interface GoTool {
  readonly name: string;
  readonly module: string;
  /** Folder of the program within the module. */
  readonly folder: string;
  readonly version: string;
}

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Ignored by Git. */
const installFolder = join(root, ".unblock", "bin");
/** Includes download and compilation. */
const installTimeoutMs = 600_000;

/**
 * Returns the path of a tool in its pinned version, from the PATH or CI's tools. Otherwise installs it into
 * this project's folder, which takes a minute or two.
 *
 * @param onInstall called before the installation
 * @throws Error when the tool is missing and cannot be installed
 */
export async function findGoTool(tool: GoTool, onInstall: () => void): Promise<string> {
  const folders = [
    installFolder,
    join(root, ".ci", "bin"),
    ...(process.env.PATH ?? "").split(delimiter),
  ];
  for (const folder of folders) {
    const file = join(folder, tool.name);
    if (await isPinned(file, tool)) {
      return file;
    }
  }
  onInstall();
  await install(tool);
  return join(installFolder, tool.name);
}

/** Reads the version that Go's linker writes into each program; `--version` may print just "dev". */
export async function isPinned(file: string, { module, version }: GoTool): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await readFile(file)).includes(`mod\t${module}\t${version}\t`);
  } catch {
    return false;
  }
}

async function install({ name, module, folder, version }: GoTool): Promise<void> {
  const target = `${module}/${folder}@${version}`;
  const env = { ...process.env, GOBIN: installFolder };
  try {
    await run("go", ["install", target], { env, timeout: installTimeoutMs });
  } catch (error) {
    const { code, stderr = "" }: { code?: unknown; stderr?: string } = Object(error);
    const problem =
      code === "ENOENT"
        ? `Expected ${name} ${version} on the PATH, found neither it nor Go to install it. Get Go from https://go.dev/dl and run this again`
        : `Expected to install ${name} ${version}; Go's output:\n${stderr.slice(-2_000).trim()}\nTry again`;
    throw new Error(`${problem}, or install it on the PATH yourself: go install ${target}`);
  }
}

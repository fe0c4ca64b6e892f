import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants, existsSync } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

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
  const byHand = `install it on the PATH yourself: go install ${target}`;
  const go = (process.env.PATH ?? "").split(delimiter).find((one) => existsSync(join(one, "go")));
  if (go === undefined) {
    throw new Error(
      `Expected ${name} ${version} on the PATH, found neither it nor Go to install it. ` +
        `Get Go from https://go.dev/dl and run this again, or ${byHand}`,
    );
  }
  const child = spawn(join(go, "go"), ["install", target], {
    env: { ...process.env, GOBIN: installFolder },
    stdio: ["ignore", "ignore", "pipe"],
    timeout: installTimeoutMs,
  });
  let output = "";
  child.stderr.on("data", (text: Buffer) => {
    output = `${output}${text}`.slice(-2_000);
  });
  const [code] = await once(child, "close");
  if (code !== 0) {
    throw new Error(
      `Expected to install ${name} ${version}; Go's output:\n${output.trim()}\nOr ${byHand}`,
    );
  }
}

import { spawn } from "node:child_process";
import { once } from "node:events";
import { constants, existsSync } from "node:fs";
import { access, readFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** A program that Go's own registry has, in the one version that figures and verdicts are of. */
export interface GoTool {
  readonly name: string;
  readonly module: string;
  /** Within the module. */
  readonly folder: string;
  readonly version: string;
}

const root = fileURLToPath(new URL("..", import.meta.url));
/** Git ignores it. */
const installFolder = join(root, "tools", ".bin");
/** It downloads and compiles, in milliseconds. */
const installLimitMs = 600_000;

/**
 * The path of a tool in its pinned version: from the PATH or from CI's tools, or installed into this
 * project's folder.
 *
 * @param onInstall told before it is installed, which takes a minute or two
 * @throws Error when there is none and it can't be installed
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

/** Looks at what Go's linker writes into each program; what it says of itself can be just "dev". */
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
  const byHand = `install it yourself so that it is on the PATH: go install ${target}`;
  const go = (process.env.PATH ?? "").split(delimiter).find((one) => existsSync(join(one, "go")));
  if (go === undefined) {
    throw new Error(
      `Expected ${name} ${version} on the PATH, found neither it nor Go to install it with. ` +
        `Get Go from https://go.dev/dl and run this again, or ${byHand}`,
    );
  }
  const child = spawn(join(go, "go"), ["install", target], {
    env: { ...process.env, GOBIN: installFolder },
    stdio: ["ignore", "ignore", "pipe"],
    timeout: installLimitMs,
  });
  let said = "";
  child.stderr.on("data", (text: Buffer) => {
    said = `${said}${text}`.slice(-2_000);
  });
  const [code] = await once(child, "close");
  if (code !== 0) {
    throw new Error(
      `Expected to install ${name} ${version}; Go said:\n${said.trim()}\nOr ${byHand}`,
    );
  }
}

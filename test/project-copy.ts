import { execFileSync } from "node:child_process";
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const project = fileURLToPath(new URL("..", import.meta.url));

/** A copy of the project whose files a test may change. */
export interface ProjectCopy {
  readonly folder: string;
  remove(): void;
}

/** Copies the files of the project that git does not ignore, and links what is installed. */
export function copyProject(): ProjectCopy {
  const folder = mkdtempSync(join(tmpdir(), "unblock-copy-"));
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const files = execFileSync("git", args, { cwd: project, encoding: "utf8" }).split("\0");
  for (const file of files.filter((one) => one !== "")) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(project, file), join(folder, file));
  }
  // Everything is linked but the packages, which are the copy's.
  mkdirSync(join(folder, "node_modules/@unblock"), { recursive: true });
  for (const name of readdirSync(join(project, "node_modules"))) {
    if (name !== "@unblock") {
      symlinkSync(join(project, "node_modules", name), join(folder, "node_modules", name));
    }
  }
  for (const file of globSync(["*/package.json", "packages/*/package.json"], { cwd: folder })) {
    const home = dirname(file);
    const name = home.split("/").at(-1) ?? "";
    symlinkSync(join(folder, home), join(folder, "node_modules/@unblock", name));
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, maxRetries: 5 }) };
}

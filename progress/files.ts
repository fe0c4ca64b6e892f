import { existsSync, mkdirSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const root: string = fileURLToPath(new URL("..", import.meta.url));

/** The learner's folder: answers, progress, key. Git does not see it. */
export const yoursFolder: string = join(root, "learn/yours");

/** A path as people and their editors read it: relative to the project's folder. */
export function shown(path: string): string {
  return relative(root, path);
}

/** Returns a path in the folder `aside` that no file has; its name contains the time. */
export function asideName(yours: string, name: string, now: Date): string {
  const folder = join(yours, "aside");
  mkdirSync(folder, { recursive: true });
  // Sweden writes the local time as ISO 8601 does. Some systems allow no colon in a file's name.
  const stamp = now.toLocaleString("sv").replace(" ", "T").replaceAll(":", "");
  const [, stem = name, ending = ""] = /^(.*)(\.\w+)$/.exec(name) ?? [];
  for (let version = 1; ; version++) {
    const path = join(folder, `${stem}.${stamp}${version === 1 ? "" : `-${version}`}${ending}`);
    if (!existsSync(path)) {
      return path;
    }
  }
}

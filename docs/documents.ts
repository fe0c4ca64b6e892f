import { globSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const root: string = fileURLToPath(new URL("../", import.meta.url));

/** Paths of all documents of the project. */
export const documents: readonly string[] = globSync("**/*.md", {
  cwd: root,
  exclude: (path) => /(^|\/)(node_modules|web\/dist)$/.test(path) || path.startsWith("."),
});

/** Text of a file of the project. */
export function read(path: string): string {
  return readFileSync(root + path, "utf8");
}

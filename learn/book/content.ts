import { readFileSync } from "node:fs";

/** A file's text; "" while there is none, as between two steps of an editor that saves. */
export function contentOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

import { watch } from "node:fs";
import { basename, dirname } from "node:path";
import { contentOf } from "./workspace.ts";

/** Editors write a file in several steps, and some replace it. */
const settleMs = 150;

export interface Watch {
  close(): void;
}

/**
 * Calls `onChange` when the content of a file has changed and is not empty. All files must be in one
 * folder: the folder is watched, because a watch on a file ends when an editor replaces the file.
 */
export function watchFiles(paths: readonly string[], onChange: (path: string) => void): Watch {
  const [first = "."] = paths;
  const contents = new Map(paths.map((path) => [path, contentOf(path)]));
  const timers = new Map<string, NodeJS.Timeout>();
  const compare = (path: string) => {
    timers.delete(path);
    const content = contentOf(path);
    // An empty file is one that an editor has not finished writing.
    if (content !== "" && content !== contents.get(path)) {
      contents.set(path, content);
      onChange(path);
    }
  };
  const watcher = watch(dirname(first), (_, name) => {
    // Some systems do not report the file's name.
    for (const path of paths.filter((one) => name === null || basename(one) === name)) {
      clearTimeout(timers.get(path));
      timers.set(path, setTimeout(compare, settleMs, path));
    }
  });
  return {
    close: () => {
      watcher.close();
      for (const timer of timers.values()) {
        clearTimeout(timer);
      }
    },
  };
}

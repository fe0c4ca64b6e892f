import { watch } from "node:fs";
import { basename, dirname } from "node:path";
import { contentOf } from "./book/content.ts";

/** Editors write a file in several steps, and some put a new one in its place. */
const settleMs = 150;

export interface Watch {
  close(): void;
}

/**
 * Tells when the content of one of the files has become another. All must be in one folder, which is
 * watched, because a file that an editor replaces is another file.
 */
export function watchFiles(paths: readonly string[], onChange: (path: string) => void): Watch {
  const [first = "."] = paths;
  const contents = new Map(paths.map((path) => [path, contentOf(path)]));
  const timers = new Map<string, NodeJS.Timeout>();
  const look = (path: string) => {
    timers.delete(path);
    const content = contentOf(path);
    // An editor that has not written its text yet will.
    if (content !== "" && content !== contents.get(path)) {
      contents.set(path, content);
      onChange(path);
    }
  };
  const watcher = watch(dirname(first), (_, name) => {
    // Some systems do not say which file it was.
    for (const path of paths.filter((one) => name === null || basename(one) === name)) {
      clearTimeout(timers.get(path));
      timers.set(path, setTimeout(look, settleMs, path));
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

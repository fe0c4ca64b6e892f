import { registerHooks } from "node:module";
import type { Say } from "./channel.ts";
import { lineWith } from "./own-line.ts";

const root = new URL("../../", import.meta.url).href;

/** What the learner's file may not import, by the beginning of its path, and why. */
const forbidden: readonly (readonly [string, string])[] = [
  ["learn/solutions/", "is a solution: the answer is to be your own"],
  ["learn/right/", "is an answer of others: it is to be your own"],
  ["server/exercises/", "is the server's own answer: it is to be yours"],
  ["server/backends/call-counts.ts", "counts for the check"],
  ["learn/service/", "belongs to the check"],
  ["learn/check/", "belongs to the check"],
];

/** Watches from now on what the learner's file imports, and the files beside it that it imports. */
export function watchImports(fileUrl: string, say: Say): void {
  const beside = new URL(".", fileUrl).href;
  registerHooks({
    resolve(specifier, context, nextResolve) {
      const resolved = nextResolve(specifier, context);
      const { parentURL = "" } = context;
      const isOwn = parentURL.startsWith(beside);
      const found = forbidden.find(([path]) => resolved.url.startsWith(root + path));
      if (isOwn && found !== undefined && !resolved.url.startsWith(beside)) {
        const [, why] = found;
        const text = `imports ${resolved.url.slice(root.length)}, which ${why}`;
        const line = parentURL === fileUrl ? lineWith(specifier, fileUrl) : null;
        say({ kind: "tampering", text, line });
      }
      return resolved;
    },
  });
}

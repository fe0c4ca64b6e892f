import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { environment } from "./environment.ts";
import { holdThread } from "./holdings.ts";

let counted = false;

/**
 * Counts what reads the slow disk synchronously in this thread, as the toolbox counts its own blocking
 * calls: there the disk's files are read by Node's functions.
 */
export function countSyncReads(): void {
  if (counted) {
    return;
  }
  counted = true;
  const { openSync, readFileSync } = fs;
  // The names are for those who read stacks.
  fs.readFileSync = new Proxy(readFileSync, {
    apply: function readFileSync(read, self, args: unknown[]) {
      return held(args[0], () => Reflect.apply(read, self, args));
    },
  });
  fs.openSync = new Proxy(openSync, {
    apply: function openSync(open, self, args: unknown[]) {
      return held(args[0], () => Reflect.apply(open, self, args));
    },
  });
  // Named imports of node:fs follow only now.
  syncBuiltinESMExports();
}

function held<Result>(path: unknown, work: () => Result): Result {
  const isOnSlowDisk =
    typeof path === "string" && path.startsWith(environment().addresses.disk.folder);
  return isOnSlowDisk ? holdThread("waiting", work) : work();
}

import childProcess from "node:child_process";
import { EventEmitter } from "node:events";
import fs from "node:fs";
import { Server, Socket } from "node:net";
import perfHooks from "node:perf_hooks";
import { DatabaseSync, StatementSync } from "node:sqlite";
import { Readable, Writable } from "node:stream";
import workerThreads from "node:worker_threads";
import type { Say } from "./channel.ts";
import { lineWith } from "./last-words.ts";

/** Interval between checks for replaced functions. */
const pollMs = 500;
const maxNames = 3;

/** A function that the learner's code could replace. */
interface Named {
  readonly name: string;
  readonly holder: object;
  readonly key: string | symbol;
  readonly value: unknown;
}

/** What the service relies on besides the language's globals. */
const relied: Readonly<Record<string, object>> = {
  process,
  "EventEmitter.prototype": EventEmitter.prototype,
  "Readable.prototype": Readable.prototype,
  "Writable.prototype": Writable.prototype,
  "Socket.prototype": Socket.prototype,
  "Server.prototype": Server.prototype,
  fs,
  "DatabaseSync.prototype": DatabaseSync.prototype,
  "StatementSync.prototype": StatementSync.prototype,
  child_process: childProcess,
  "ChildProcess.prototype": childProcess.ChildProcess.prototype,
  worker_threads: workerThreads,
  "Worker.prototype": workerThreads.Worker.prototype,
  perf_hooks: perfHooks,
  performance: Object.getPrototypeOf(performance),
  AbortSignal,
  "AbortSignal.prototype": AbortSignal.prototype,
  "EventTarget.prototype": EventTarget.prototype,
};

/** Libraries replace these for good reasons, and the check does not rely on them. */
const unwatched: ReadonlySet<string> = new Set(["console", "process.emit", "process.reallyExit"]);

// The learner's file may replace them, too.
const { getOwnPropertyDescriptor, ownKeys } = Reflect;

/**
 * Watches the functions of the language and of Node that the service itself calls, and reports once when
 * some were replaced. Added functions are ignored, except of Object.prototype.
 *
 * @param fileUrl the learner's file
 * @returns checks at once
 */
export function watchReplaced(fileUrl: string, say: Say): () => void {
  const known = functionsOf(globalThis, "", 2);
  for (const [name, holder] of Object.entries(relied)) {
    known.push(...functionsOf(holder, name, 0));
  }
  // They would be hidden by functions of the object itself, which has none.
  const ofPerformance = functionsOf(Object.getPrototypeOf(performance), "performance", 0);
  known.push(...ofPerformance.map((one) => ({ ...one, holder: performance, value: undefined })));
  const keysOfAll = ownKeys(Object.prototype).length;
  let isSaid = false;
  const check = () => {
    if (isSaid) {
      return;
    }
    const names: string[] = [];
    // Array methods and iterators may have been replaced.
    for (let index = 0; index < known.length; index++) {
      const one = known[index];
      if (one !== undefined && propertyValue(one.holder, one.key) !== one.value) {
        names[names.length] = one.name;
      }
    }
    if (ownKeys(Object.prototype).length > keysOfAll) {
      names[names.length] = "Object.prototype";
    }
    if (names.length > 0) {
      isSaid = true;
      const line = lineWith(names[0] ?? "", fileUrl);
      say({ kind: "tampering", text: describe(names), line });
    }
  };
  setInterval(check, pollMs).unref();
  return check;
}

function describe(names: readonly string[]): string {
  const all = names.slice(0, maxNames).join(", ");
  const more = names.length > maxNames ? ` and ${names.length - maxNames} more` : "";
  return `replaced ${all}${more}, which the check relies on`;
}

/** @param depth levels of objects below this one */
function functionsOf(holder: object, name: string, depth: number): Named[] {
  return ownKeys(holder).flatMap((key) => {
    const value = propertyValue(holder, key);
    const own = nameOf(name, key);
    if (unwatched.has(own) || value === globalThis || key === "constructor") {
      return [];
    }
    const named = typeof value === "function" ? [{ name: own, holder, key, value }] : [];
    return depth > 0 && isObject(value) ? [...named, ...functionsOf(value, own, depth - 1)] : named;
  });
}

/** Ignores getters: Node loads many globals on first use, and then redefines the property. */
function propertyValue(holder: object, key: string | symbol): unknown {
  return getOwnPropertyDescriptor(holder, key)?.value;
}

function isObject(value: unknown): value is object {
  return typeof value === "function" || (typeof value === "object" && value !== null);
}

function nameOf(holder: string, key: string | symbol): string {
  const own = typeof key === "symbol" ? `[${key.description}]` : key;
  return holder === "" ? own : `${holder}.${own}`;
}

/**
 * Keeps the learner's code from listening, as the service already does.
 *
 * @param onRejected called each time, even when the learner's code catches the error
 * @returns sets whether listening is refused, which it is not at first
 */
export function watchListening(onRejected: (problem: string) => void): (refuses: boolean) => void {
  let isRefused = false;
  const { listen } = Server.prototype;
  Server.prototype.listen = function (this: Server, ...args: unknown[]) {
    if (isRefused) {
      const problem = `it opens a server of its own (${describePort(args)}); the service listens already, at a port that the check chose: export the handler, and nothing that listens`;
      onRejected(problem);
      throw new Error(problem);
    }
    return Reflect.apply(listen, this, args);
  };
  return (refuses) => {
    isRefused = refuses;
  };
}

function describePort([where]: readonly unknown[]): string {
  const port = typeof where === "object" && where !== null && "port" in where ? where.port : where;
  return typeof port === "number" || typeof port === "string" ? `port ${port}` : "any port";
}

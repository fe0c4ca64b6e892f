import { readSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import v8 from "node:v8";
import type { JsonValue } from "@bufbuild/protobuf";
import type { Decision } from "../handler.ts";
import type { Observation } from "./observation.ts";

/** Where the backends are that the check plays. */
export interface WorldAddresses {
  readonly httpUrl: string;
  readonly cachePort: number;
  readonly diskFolder: string;
  /** Whether the disk is made of FIFOs; else it is an ordinary file, and fast. */
  readonly fifos: boolean;
  readonly databasePath: string;
  /** Where the toolbox notes what holds a thread. */
  readonly holdingsPath: string;
}

/** What the service is started with: JSON, its only argument. */
export interface ServiceOptions {
  /** "A" to "H": which one the learner's handler answers. */
  readonly letter: string;
  /** The learner's file, as a file: URL. */
  readonly fileUrl: string;
  /** The backends that the learner's code meets; the reference has those of the service. */
  readonly world: WorldAddresses;
  /** Where events go; null for an exercise that has none. */
  readonly analyticsUrl: string | null;
  /**
   * Whether calls take the server's own lane. Connect's handlers, which most servers have, abort a call's
   * signal also when it succeeds.
   */
  readonly directLane: boolean;
  /** The process may not be larger, in MiB. */
  readonly maxMemoryMb: number;
}

/** From the checker. Each is answered by an {@link Answer} with the same id. */
export interface Request {
  readonly id: number;
  readonly ask: Ask;
}

export type Ask =
  /** Begin to observe anew. */
  | { readonly kind: "begin" }
  /** What was seen since then. */
  | { readonly kind: "observe" }
  /** Do one call's work as the recommended strategy does it, with nothing else going on. */
  | { readonly kind: "alone"; readonly request: JsonValue };

/** One call's work done right. */
export interface Alone {
  readonly response: JsonValue;
  readonly ms: number;
  /** What the server tells its callers about it, such as "unblock-rounds". */
  readonly facts: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly kind: "answer";
  readonly id: number;
  readonly observation?: Observation;
  readonly alone?: Alone;
  /** What went wrong with it. */
  readonly failure?: string;
}

/** From the service. The first five come in this order. */
export type Message =
  /** Backends, threads and processes stand; the learner's file comes next. */
  | { readonly kind: "importing" }
  | {
      readonly kind: "imported";
      readonly decision: Decision | null;
      readonly libuvThreads: number | null;
    }
  /** It could not be loaded: the service ends. */
  | { readonly kind: "not imported"; readonly problem: string; readonly line: number | null }
  | { readonly kind: "ready"; readonly url: string; readonly pid: number }
  /** Something of the harness broke: the service ends. */
  | { readonly kind: "broken"; readonly problem: string }
  | { readonly kind: "log"; readonly text: string }
  /** The learner's file reaches into the check; the text goes on after the file's name. */
  | { readonly kind: "tampering"; readonly text: string; readonly line: number | null }
  | Answer
  | LastWords;

/** What a process says of its end. */
export type LastWords =
  /** Somebody called process.exit(); `line` when it was the learner's file. */
  | { readonly kind: "exit"; readonly code: number; readonly line: number | null }
  /** An error that nobody caught. */
  | { readonly kind: "uncaught"; readonly problem: string; readonly line: number | null }
  | { readonly kind: "memory"; readonly usedMb: number }
  /** Where the event loop is, that does not turn any more. */
  | { readonly kind: "stuck"; readonly line: number };

/** Number of the pipe for requests in the service: a secret, then a line of JSON each. */
export const requestsFd = 3;
/** Number of the pipe for messages. */
export const messagesFd = 4;

// The learner's file may replace them later. What JSON.stringify does depends on prototypes, too.
const write = writeSync;
const { parse } = JSON;
const { serialize } = v8;
const { base64Slice } = Buffer.prototype;

/** Sends a message to whoever checks. */
export type Say = (message: Message) => void;

/**
 * Sends messages over a pipe that takes them at once, also while the loop stands still: a line each, with
 * what V8 makes of the message, in base64.
 *
 * @param secret what begins each message, so that nobody else can send one
 */
export function createSay(secret: string): Say {
  return (message) => {
    try {
      const bytes = serialize(message);
      write(messagesFd, `${secret} ${base64Slice.call(bytes)}\n`);
    } catch {
      // Whoever checks is gone, and the guard ends this process.
    }
  };
}

/** Reads the secret, which is the first line of the pipe for requests. Nobody can read it again. */
export function readSecret(): string {
  const byte = Buffer.alloc(1);
  let secret = "";
  while (readSync(requestsFd, byte) === 1 && byte.toString() !== "\n") {
    secret += byte.toString();
  }
  return secret;
}

/** Reads requests until the pipe ends. */
export function readRequests(onRequest: (request: Request) => void): void {
  const lines = createInterface({ input: new Socket({ fd: requestsFd }) });
  lines.on("line", (line) => onRequest(parse(line)));
}

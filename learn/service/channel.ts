import { readSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import v8 from "node:v8";
import type { JsonValue } from "@bufbuild/protobuf";
import type { Decision } from "../toolbox/handler.ts";
import type { LastWords } from "./last-words.ts";
import type { Observation } from "./observation.ts";

/** Addresses of the check's backends. */
export interface WorldAddresses {
  readonly httpUrl: string;
  readonly cachePort: number;
  readonly diskFolder: string;
  /** Whether the disk is made of FIFOs; else it is an ordinary file, and fast. */
  readonly fifos: boolean;
  readonly databasePath: string;
  /** The file for notes of blocking calls. */
  readonly holdingsPath: string;
}

export interface ServiceOptions {
  readonly letter: string;
  readonly fileUrl: string;
  /** The backends of the learner's code; the reference uses those of the service. */
  readonly world: WorldAddresses;
  /** Null for an exercise without events. */
  readonly analyticsUrl: string | null;
  /** Whether the signal of a call aborts when the call ends, also after a success, as Connect's handlers do. */
  readonly signalEndsWithCall: boolean;
  /** Limit of the process, in MiB. */
  readonly maxMemoryMb: number;
}

/** Request of the checker; its {@link Answer} has the same id. */
export type Request = Ask & { readonly id: number };

export type Ask =
  /** Begin a new window of observation. */
  | { readonly kind: "begin" }
  /** Return what was observed since then. */
  | { readonly kind: "observe" }
  /** Do one call's work with the recommended strategy. */
  | { readonly kind: "alone"; readonly request: JsonValue };

export interface Alone {
  readonly response: JsonValue;
  readonly ms: number;
  /** Response headers about it, such as "unblock-rounds". */
  readonly facts: Readonly<Record<string, string>>;
}

export interface Answer {
  readonly kind: "answer";
  readonly id: number;
  readonly observation?: Observation;
  readonly alone?: Alone;
  readonly failure?: string;
}

/** Message of the service. The first ones come in this order. */
export type Message =
  /** Everything has started but the learner's file, which is loaded next. */
  | { readonly kind: "importing" }
  | {
      readonly kind: "imported";
      readonly decision: Decision | null;
      readonly libuvThreads: number | null;
    }
  /** The file could not be loaded. */
  | { readonly kind: "not imported"; readonly problem: string; readonly line: number | null }
  | { readonly kind: "ready"; readonly url: string; readonly pid: number }
  | { readonly kind: "broken"; readonly problem: string }
  | { readonly kind: "log"; readonly text: string }
  /** The learner's code manipulates the check; the text continues after the file's name. */
  | { readonly kind: "tampering"; readonly text: string; readonly line: number | null }
  | Answer
  | LastWords;

/** File descriptor of the pipe for requests: a secret, then one line of JSON each. */
export const requestsFd = 3;
/** File descriptor of the pipe for messages. */
export const messagesFd = 4;

// The learner's file may replace them later. What JSON.stringify does depends on prototypes, too.
const write = writeSync;
const { parse } = JSON;
const { serialize } = v8;
const { base64Slice } = Buffer.prototype;

export type Say = (message: Message) => void;

/**
 * Returns a function that writes messages synchronously, so also while the loop is blocked: one line each,
 * V8's serialization in base64.
 *
 * @param secret begins each message, so that nobody else can send one
 */
export function createSay(secret: string): Say {
  return (message) => {
    try {
      const bytes = serialize(message);
      write(messagesFd, `${secret} ${base64Slice.call(bytes)}\n`);
    } catch {
      // The checker has ended, and the guard ends this process.
    }
  };
}

/** Reads the secret, the first line of the pipe for requests, which nobody can read again. */
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

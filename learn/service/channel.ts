import { readSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import { createInterface } from "node:readline";
import v8 from "node:v8";
import { type Message, messagesFd, type Request, requestsFd } from "./messages.ts";

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

/** Work of the measurements that runs in other threads, which find it here by its name. */
import { createHash, pbkdf2Sync } from "node:crypto";
import { lookup } from "node:dns/promises";
import { createReadStream } from "node:fs";
import { gzipSync } from "node:zlib";
import { task } from "@unblock/executors/executor";

/** About 100 ms of CPU per hash on current machines. */
export const passwordRounds = 100_000;

export function hashPassword(login: number): string {
  return pbkdf2Sync(`password ${login}`, "salt", passwordRounds, 32, "sha512").toString("hex");
}

export interface Order {
  readonly id: number;
  readonly cents: number;
}

export function parseOrders(json: Uint8Array): Order[] {
  return JSON.parse(Buffer.from(json.buffer).toString("utf8"));
}

export function sumOrders(json: Uint8Array): number {
  return parseOrders(json).reduce((sum, { cents }) => sum + cents, 0);
}

export function compress(text: string): Uint8Array {
  return gzipSync(text);
}

export async function lookUpMany(count: number): Promise<number> {
  await Promise.all(Array.from({ length: count }, () => lookup("localhost")));
  return count;
}

/** Reads a streamed response to its end and returns its length. */
export async function readStream(url: string): Promise<number> {
  return (await (await fetch(url)).text()).length;
}

export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk);
  }
  return hash.digest("hex");
}

export function warmUp(): void {}

const here = import.meta.url;

export const work = {
  hashPassword: task(here, hashPassword),
  parseOrders: task(here, parseOrders),
  sumOrders: task(here, sumOrders),
  compress: task(here, compress),
  lookUpMany: task(here, lookUpMany),
  readStream: task(here, readStream),
  hashFile: task(here, hashFile),
  warmUp: task<null, void>(here, warmUp),
};

/** Blocks the event loop because its thread computes. */
import { hash } from "node:crypto";
import { serve } from "./serve.ts";

const rounds = 400_000;
/** Slow to parse, with little garbage. */
const big = JSON.stringify(Array.from({ length: 1_000_000 }, (_, id) => id / 7));

function hashChain(): string {
  let value = "data";
  for (let round = 0; round < rounds; round++) {
    value = hash("sha256", value); // blocks: hashChain
  }
  return value;
}

async function hashInAsync(): Promise<string> {
  let value = "data";
  for (let round = 0; round < rounds; round++) {
    value = hash("sha256", value); // blocks: hashInAsync
  }
  return value;
}

function hashInPromise(): Promise<string> {
  return new Promise((resolve) => resolve(hashChain()));
}

function parse(): number {
  let users: unknown[] = [];
  for (let time = 0; time < 8; time++) {
    users = JSON.parse(big); // blocks: parse
  }
  return users.length;
}

await serve({
  "/hash": hashChain,
  "/async": hashInAsync,
  "/promise": hashInPromise,
  "/json": parse,
});

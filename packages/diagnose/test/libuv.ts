/** Hands libuv's pool more work, and more DNS lookups, than its threads can do. */
import { pbkdf2 } from "node:crypto";
import { lookup } from "node:dns";
import { promisify } from "node:util";
import { serve } from "./serve.ts";

const derive = promisify(pbkdf2);

async function deriveKeys(): Promise<number> {
  const keys = Array.from(
    { length: 16 },
    () => derive("password", "salt", 100_000, 32, "sha512"), // hands over
  );
  return (await Promise.all(keys)).length;
}

/** The system takes about 0.05 ms for each. */
const lookups = 40_000;

function lookUpAll(): Promise<number> {
  return new Promise((resolve) => {
    let left = lookups;
    const onAddress = () => {
      left--;
      if (left === 0) {
        resolve(lookups);
      }
    };
    for (let index = 0; index < lookups; index++) {
      lookup("localhost", onAddress); // looks up
    }
  });
}

await serve({ "/keys": deriveKeys, "/lookups": lookUpAll });

/** Hands libuv's pool more than its threads can do. */
import { pbkdf2 } from "node:crypto";
import { promisify } from "node:util";
import { serve } from "./serve.ts";

const derive = promisify(pbkdf2);

async function storm(): Promise<number> {
  const keys = Array.from(
    { length: 16 },
    () => derive("password", "salt", 100_000, 32, "sha512"), // hands over: storm
  );
  return (await Promise.all(keys)).length;
}

await serve({ "/storm": storm });

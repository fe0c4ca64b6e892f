/** Looks up more names than libuv lets in at once; the system knows this one by heart. */
import { lookup } from "node:dns";
import { serve } from "./serve.ts";

/** The system takes some 0.05 ms for each. */
const count = 40_000;

function lookAll(): Promise<number> {
  return new Promise((resolve) => {
    let left = count;
    const onAddress = () => {
      left--;
      if (left === 0) {
        resolve(count);
      }
    };
    for (let index = 0; index < count; index++) {
      lookup("localhost", onAddress); // looks up
    }
  });
}

await serve({ "/storm": lookAll });

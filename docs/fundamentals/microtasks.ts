import { pbkdf2Sync } from "node:crypto";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";

const ended = Promise.withResolvers<void>();
// In a callback of the loop, which is where a request's handler starts.
setImmediate(() => {
  setImmediate(() => {
    console.log("4 setImmediate: the loop's next turn");
    ended.resolve();
  });
  Promise.resolve().then(() => console.log("3 a promise's then"));
  process.nextTick(() => console.log("2 process.nextTick"));
  console.log("1 the callback itself, to its end");
});
await ended.promise;

/** Computes 20 slices with a pause after each, and returns after how many a timer of 1 ms fires. */
async function slicesBeforeTimer(pause: () => Promise<void>): Promise<number> {
  let slices = 0;
  const timer = sleep(1).then(() => slices);
  while (slices < 20) {
    pbkdf2Sync("password", "salt", 2_000, 32, "sha256");
    slices++;
    await pause();
  }
  return timer;
}

const resolved = await slicesBeforeTimer(async () => {});
console.log(`await what is there already: the timer comes after ${resolved} of 20 slices`);
const turns = await slicesBeforeTimer(() => nextTurn());
console.log(`await the loop's next turn: the timer comes ${turns < 20 ? "in between" : "last"}`);

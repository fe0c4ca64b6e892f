import { pbkdf2Sync } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

const five = [1, 2, 3, 4, 5];
let done = 0;

async function wait(): Promise<void> {
  await sleep(20);
  done++;
}

async function compute(): Promise<void> {
  pbkdf2Sync("password", "salt", 20_000, 32, "sha256");
  done++;
}

for (const [name, work] of Object.entries({ wait, compute })) {
  done = 0;
  const started = five.map(() => work());
  console.log(`${name}: five have been started, ${done} are done`);
  await Promise.all(started);
}

/** Service 1 is down. Returns how many of the other four run to their end. */
async function dashboard(cancelSiblings: boolean): Promise<number> {
  let completed = 0;
  const siblings = new AbortController();
  const asked = five.map(async (service) => {
    if (service === 1) throw new Error("service 1 is down");
    await sleep(20, undefined, { signal: siblings.signal });
    completed++;
  });
  await Promise.all(asked).catch((error: Error) => {
    if (cancelSiblings) siblings.abort(error);
  });
  await Promise.allSettled(asked);
  return completed;
}

console.log(`one fails: ${await dashboard(false)} others go on`);
console.log(`one fails and the others are cancelled: ${await dashboard(true)} go on`);

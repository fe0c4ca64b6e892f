import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

async function start(server: Server): Promise<string> {
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

// Responds once `ready` is resolved, so that nothing here depends on timing.
const ready = Promise.withResolvers<void>();
const analytics = createServer(async (_request, response) => {
  await ready.promise;
  response.end();
});
const analyticsUrl = await start(analytics);
const track = (signal: AbortSignal) => fetch(analyticsUrl, { method: "POST", signal });

const shutdown = new AbortController();
const owned = new Set<Promise<unknown>>();
const count = { stored: 0, lost: 0 };

/** Accepts at most two tasks at a time: from here on the service owns them, not the call. */
function accept(task: (signal: AbortSignal) => Promise<unknown>): boolean {
  if (owned.size === 2) return false;
  const ended: Promise<unknown> = task(shutdown.signal)
    .then(() => count.stored++)
    .catch(() => count.lost++)
    .finally(() => owned.delete(ended));
  owned.add(ended);
  return true;
}

const cancelled = Promise.withResolvers<void>();
const service = createServer((request, response) => {
  const call = new AbortController();
  // A call also closes after a successful response.
  response.once("close", () => call.abort());
  if (request.url === "/wrong") {
    track(call.signal).catch(() => cancelled.resolve());
  } else {
    response.statusCode = accept(track) ? 202 : 503;
  }
  response.end();
});
const url = await start(service);

console.log(`with the call's signal: ${(await fetch(`${url}/wrong`)).status}`);
await cancelled.promise;
console.log("the reply has left, and that cancels the event");
for (const caller of [1, 2, 3]) console.log(`caller ${caller}: ${(await fetch(url)).status}`);
console.log(`after the replies: ${owned.size} in progress, ${count.stored} stored`);
service.close();
ready.resolve();
await Promise.race([Promise.all(owned), once(AbortSignal.timeout(3_000), "abort")]);
shutdown.abort();
console.log(`after shutdown: ${count.stored} stored, ${count.lost} lost`);
analytics.close();

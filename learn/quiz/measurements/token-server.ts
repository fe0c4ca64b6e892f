/** A language model's API as its callers see it: each answer comes in pieces, over half a second. */
import { once } from "node:events";
import { createServer } from "node:http";
import { parentPort } from "node:worker_threads";

const tokens = 20;
const everyMs = 25;

let inProgress = 0;
let mostInProgress = 0;
const server = createServer((_, response) => {
  inProgress++;
  mostInProgress = Math.max(mostInProgress, inProgress);
  response.writeHead(200, { "content-type": "text/event-stream" });
  let sent = 0;
  const timer = setInterval(() => {
    sent++;
    response.write(`data: token ${sent}\n\n`);
    if (sent === tokens) {
      response.end();
    }
  }, everyMs);
  response.once("close", () => {
    inProgress--;
    clearInterval(timer);
  });
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const address = server.address();
parentPort?.on("message", () => parentPort?.postMessage(mostInProgress));
parentPort?.postMessage(typeof address === "object" ? address?.port : undefined);

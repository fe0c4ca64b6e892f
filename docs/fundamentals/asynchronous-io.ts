import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const calls = 1_000;
const asked: Socket[] = [];

// Responds to nobody before all have asked. If fewer could wait at once, they would wait forever.
const server = createServer((socket) => {
  socket.once("data", () => asked.push(socket));
}).listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as AddressInfo;

const callers: Socket[] = [];
for (let n = 0; n < calls; n++) {
  const caller = connect(port, "127.0.0.1");
  await once(caller, "connect");
  callers.push(caller);
}
const responses = callers.map(async (caller) => {
  caller.write("?");
  await once(caller, "data");
  caller.destroy();
});
while (asked.length < calls) await sleep(5);

console.log(`${asked.length} calls wait at once`);
const before = performance.eventLoopUtilization();
await sleep(300);
const { utilization } = performance.eventLoopUtilization(before);
console.log(`meanwhile the event loop is ${utilization < 0.5 ? "idle" : "busy"}`);
console.log(`here: utilization ${utilization.toFixed(3)}`);
for (const socket of asked) socket.end("!");
console.log(`${(await Promise.all(responses)).length} calls have their response`);
server.close();

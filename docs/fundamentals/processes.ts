import cluster from "node:cluster";
import { once } from "node:events";
import { Agent, createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

const host = "127.0.0.1";

async function callThem(): Promise<void> {
  const victim = cluster.fork();
  await once(victim, "listening");
  const [address]: AddressInfo[] = await once(cluster.fork(), "listening");

  /** Makes ten calls in sequence, and counts the processes that respond. */
  async function makeCalls(agent: Agent): Promise<string> {
    const pids = new Set<string>();
    for (let call = 0; call < 10; call++) {
      const [response] = await once(get({ host, port: address?.port, agent }), "response");
      pids.add(await text(response));
    }
    agent.destroy();
    return `${pids.size} of 2 processes responded`;
  }

  const reused = new Agent({ keepAlive: true, maxSockets: 1 });
  console.log(`10 calls on one connection: ${await makeCalls(reused)}`);
  const fresh = new Agent({ keepAlive: false });
  console.log(`10 calls, each on a new one: ${await makeCalls(fresh)}`);
  victim.process.kill("SIGKILL");
  await once(cluster, "disconnect");
  console.log(`10 more, one process is dead: ${await makeCalls(fresh)}`);
  cluster.disconnect();
}

if (cluster.isPrimary) {
  await callThem();
} else {
  createServer((_request, response) => response.end(String(process.pid))).listen(0, host);
}

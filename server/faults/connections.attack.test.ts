import { connect as connectHttp2 } from "node:http2";
import { connect, type Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { frame, frameType, preface, settingsFrame } from "@unblock/http2/frames";
import { attackTest, footprintOf, reportAttack } from "@unblock/test/attack";
import { type RunningCommand, startCommand } from "@unblock/test/cli";
import { canMakeHosts, makeNetwork } from "@unblock/test/network-hosts";
import { startServerProcess, type TestServerProcess } from "@unblock/test/server-process";
import { httpReply } from "@unblock/test/wire";
import { afterEach, expect, test, vi } from "vitest";
import { assertServes, grpc, openSession, UnendedRequest } from "../testing/unended-request.ts";

const waitOptions = { timeout: 30_000, interval: 50 };
const peerPath = fileURLToPath(new URL(import.meta.resolve("@unblock/test/silent-peer")));
/** Streams that are silent after their first message, with that message. */
const silentStreams: readonly (readonly [path: string, message: Buffer])[] = [
  ["/grpc.health.v1.Health/Watch", Buffer.alloc(5)],
  // A request for the list of services.
  [
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
    Buffer.from([0, 0, 0, 0, 2, 0x3a, 0]),
  ],
];
const keepalive = ["--keepalive-interval", "1s", "--keepalive-timeout", "1s"];

const sockets: Socket[] = [];
const commands: RunningCommand[] = [];
afterEach(async () => {
  for (const socket of sockets.splice(0)) {
    socket.destroy();
  }
  for (const { child } of commands) {
    child.kill("SIGKILL");
  }
  await Promise.all(commands.splice(0).map(({ exited }) => exited));
});

async function start(...flags: string[]): Promise<TestServerProcess & { readonly pid: number }> {
  const server = await startServerProcess(["--log-level", "silent", ...flags]);
  commands.push(server);
  return { ...server, pid: server.child.pid ?? 0 };
}

/** Connects from an address of this machine, since one address may have half of the connections. */
function dial(url: string, localAddress = "127.0.0.1"): Socket {
  const socket = connect({ port: Number(new URL(url).port), host: "127.0.0.1", localAddress });
  sockets.push(socket);
  return socket.on("error", () => {}).resume();
}

attackTest("1,000 silent streams on one connection", async () => {
  const server = await start();
  const session = openSession(server.url);
  await assertServes(session);
  const before = footprintOf(server.pid);
  const streams = Array.from({ length: 500 }, () =>
    silentStreams.map(([path, message]) => {
      const request = new UnendedRequest(session, path, grpc);
      // The client's side stays open.
      request.stream.write(message);
      return request;
    }),
  ).flat();
  const rejected = () =>
    streams.filter(({ stream, fields }) => stream.closed && fields["grpc-status"] === "8").length;
  await vi.waitUntil(() => rejected() >= 900, waitOptions);
  // Sent after all of them on the same connection.
  await assertServes(session);
  const after = footprintOf(server.pid);
  const open = streams.filter(({ stream }) => !stream.closed).length;
  reportAttack({
    sent: "1,000 silent streams on one connection",
    did: `kept ${open}, rejected ${rejected()} with resource_exhausted, served others`,
    before,
    after,
  });
  expect(rejected()).toBe(900);
  expect(open).toBe(100);
  await assertServes(openSession(server.url));
});

attackTest("1,000 idle connections of one address", async () => {
  const server = await start("--max-connections", "1000");
  const before = footprintOf(server.pid);
  const idle = Array.from({ length: 1_000 }, () => dial(server.url));
  const isClosed = (socket: Socket) => socket.closed;
  await vi.waitUntil(() => idle.filter(isClosed).length >= 500, waitOptions);
  const port = Number(new URL(server.url).port);
  const other = connectHttp2(server.url, {
    createConnection: () => connect({ port, host: "127.0.0.1", localAddress: "127.0.0.2" }),
  });
  await assertServes(other);
  other.close();
  reportAttack({
    sent: "1,000 idle connections of one address, of 1,000 that may be open",
    did: `closed ${idle.filter(isClosed).length} at once, served another address`,
    before,
    after: footprintOf(server.pid),
  });
  expect(idle.filter(isClosed)).toHaveLength(500);
});

attackTest("a peer that hangs with 100 connections", async () => {
  const server = await start(...keepalive);
  const before = footprintOf(server.pid);
  const peer = startCommand(process.execPath, [peerPath, server.url, "100"]);
  commands.push(peer);
  await vi.waitUntil(() => peer.stdout() === "open\n", waitOptions);
  const sockets = () => establishedOn(new URL(server.url).port);
  const metric = async (name: string) =>
    metricOf((await httpReply(await fetch(`${server.url}/metrics`))).text, name);
  await vi.waitUntil(async () => (await metric(runningWorkers)) === 1, waitOptions);
  expect(await sockets()).toBeGreaterThan(100);

  peer.child.kill("SIGSTOP");
  // The HTTP/1.1 connection, for which the system responds, and the one that reads the metrics.
  await vi.waitUntil(async () => (await sockets()) <= 2, waitOptions);
  await vi.waitUntil(async () => (await metric(runningWorkers)) === 0, waitOptions);
  reportAttack({
    sent: "a peer that hangs with 100 connections, a silent stream on each, and a long hash",
    did: "closed all of them after the keepalive, and stopped the work",
    before,
    after: footprintOf(server.pid),
  });
});

test.skipIf(!canMakeHosts())(
  "a peer whose link goes down (skipped without ip and root)",
  async () => {
    const network = makeNetwork();
    try {
      const [host] = network.hosts;
      const sizes = ["--cpu-workers", "1", "--blocking-threads", "1", "--processes", "1"];
      const flags = ["--host", host.gateway, "--port", "8080", "--log-level", "silent", ...sizes];
      const server = network.middle.start("node", ["server/main.ts", ...flags, ...keepalive]);
      commands.push(server);
      await vi.waitUntil(() => server.stdout().includes("serves"), waitOptions);
      const url = `http://${host.gateway}:8080`;
      const before = footprintOf(server.child.pid);
      const peer = host.start("node", [peerPath, url, "10"]);
      commands.push(peer);
      await vi.waitUntil(() => peer.stdout() === "open\n", waitOptions);
      const inMiddle = async (program: string, ...args: string[]) => {
        const command = network.middle.start(program, args);
        await command.exited;
        return command.stdout();
      };
      const sockets = () => inMiddle("ss", ...establishedArgs("8080"));
      const metric = async () =>
        metricOf(await inMiddle("curl", "-s", `${url}/metrics`), runningWorkers);
      await vi.waitUntil(async () => (await metric()) === 1, waitOptions);
      expect(linesOf(await sockets())).toBe(11);

      host.unplug();
      await vi.waitUntil(async () => linesOf(await sockets()) === 0, waitOptions);
      await vi.waitUntil(async () => (await metric()) === 0, waitOptions);
      reportAttack({
        sent: "a peer whose link goes down, with 10 connections over HTTP/2 and one over HTTP/1.1",
        did: "closed all of them after the keepalive, and stopped the work",
        before,
        after: footprintOf(server.child.pid),
      });
    } finally {
      for (const { child } of commands) {
        child.kill("SIGKILL");
      }
      await Promise.all(commands.splice(0).map(({ exited }) => exited));
      network.close();
    }
  },
);

attackTest("floods of PING and SETTINGS frames", async () => {
  const server = await start();
  const before = footprintOf(server.pid);
  const greeting = Buffer.concat([preface, settingsFrame([])]);
  const floods = [frame(frameType.ping, 0, 0, Buffer.alloc(8)), settingsFrame([])];
  for (const one of floods) {
    const socket = dial(server.url);
    socket.write(Buffer.concat([greeting, ...Array.from({ length: 10_000 }, () => one)]));
    await vi.waitUntil(() => socket.closed, waitOptions);
    // Not one acknowledgement per frame.
    expect(socket.bytesRead).toBeLessThan(10_000);
  }
  await assertServes(openSession(server.url));
  reportAttack({
    sent: "10,000 PING frames at once, and 10,000 SETTINGS frames",
    did: "closed both connections, served others",
    before,
    after: footprintOf(server.pid),
  });
});

const runningWorkers = 'unblock_executor_running{executor="cpu-pool"}';

function metricOf(page: string, name: string): number {
  return Number(
    page
      .split("\n")
      .find((line) => line.startsWith(name))
      ?.slice(name.length),
  );
}

const establishedArgs = (port: string) => ["-Htn", "state", "established", `( sport = :${port} )`];

/** Returns the number of connections of a local port, as the system counts them. */
async function establishedOn(port: string): Promise<number> {
  const command = startCommand("ss", establishedArgs(port));
  await command.exited;
  return linesOf(command.stdout());
}

function linesOf(text: string): number {
  return text.split("\n").filter((line) => line !== "").length;
}

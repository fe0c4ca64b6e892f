import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { createCertificates } from "@unblock/test/certificates";
import { afterEach, expect, test, vi } from "vitest";
import { createAdapter } from "../adapter/adapter.ts";
import { networkOf } from "./connection-limit.ts";
import { defaultConnectionLimits } from "./limits.ts";
import { type Listener, listen, type TlsConfig } from "./listener.ts";

const waitOptions = { timeout: 20_000, interval: 20 };
const request = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";

const sockets: Socket[] = [];
let listener: Listener | undefined;
afterEach(async () => {
  for (const socket of sockets.splice(0)) {
    socket.destroy();
  }
  await listener?.drain();
});

async function open(maxConnections: number, tls?: TlsConfig) {
  const logged: string[] = [];
  const opened = await listen(
    {
      host: "127.0.0.1",
      port: 0,
      tls,
      connectionLimits: { ...defaultConnectionLimits, maxConnections },
      log: (line) => logged.push(line),
    },
    createAdapter({ routes: () => {} }),
  );
  listener = opened;
  return { listener: opened, logged };
}

/** Connects from an address of this machine. */
function dial({ port }: Listener, localAddress: string): Socket {
  const socket = connect({ port, host: "127.0.0.1", localAddress });
  sockets.push(socket);
  return socket.on("error", () => {});
}

/** Returns whether a connection is served, or closed. */
async function isServed(socket: Socket): Promise<boolean> {
  socket.write(request);
  const [first] = await Promise.race([once(socket, "data"), once(socket, "close")]);
  return String(first).startsWith("HTTP/1.1 404");
}

// Other systems have only 127.0.0.1 as a loopback address.
test.skipIf(process.platform !== "linux")(
  "allows one address half of the connections, and all together the maximum",
  async () => {
    const { listener, logged } = await open(4);
    const greedy = [dial(listener, "127.0.0.1"), dial(listener, "127.0.0.1")];
    expect(await Promise.all(greedy.map(isServed))).toEqual([true, true]);
    expect(await isServed(dial(listener, "127.0.0.1"))).toBe(false);
    expect(logged).toEqual([expect.stringContaining("2 are open from 127.0.0.1")]);

    const others = [dial(listener, "127.0.0.2"), dial(listener, "127.0.0.3")];
    expect(await Promise.all(others.map(isServed))).toEqual([true, true]);
    expect(await isServed(dial(listener, "127.0.0.4"))).toBe(false);
    // No line per connection, which would fill the disk.
    expect(logged).toHaveLength(1);

    greedy[0]?.destroy();
    await vi.waitUntil(() => listener.connections === 3, waitOptions);
    expect(await isServed(dial(listener, "127.0.0.1"))).toBe(true);
  },
);

test("closes a TLS connection over the limit before its handshake", async () => {
  const { server: tls } = await createCertificates();
  const { listener } = await open(2, tls);
  dial(listener, "127.0.0.1");
  await vi.waitUntil(() => listener.connections === 1, waitOptions);
  const rejected = dial(listener, "127.0.0.1").resume();
  await once(rejected, "close");
  expect(rejected.bytesRead).toBe(0);
  await vi.waitUntil(() => listener.connections === 1, waitOptions);
});

test.each([
  ["192.0.2.7", "192.0.2.7"],
  ["::ffff:192.0.2.7", "192.0.2.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::6", "2001:db8:1:2::/64"],
  ["2001:db8::6", "2001:db8:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
])("%s counts as %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});

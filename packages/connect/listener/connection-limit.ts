import type { Server, Socket } from "node:net";

/** Interval between reports of rejected connections, in milliseconds. */
const reportMs = 60_000;

/**
 * Bounds the open connections. One address may have half of them, so that its idle ones do not shut out
 * everybody else. Connections beyond that are closed as soon as they are accepted.
 *
 * @param log receives a line at the first rejection, and then once a minute at most
 */
export function limitConnections(
  server: Server,
  maxConnections: number,
  log: (message: string) => void,
): void {
  const maxPerAddress = Math.floor(maxConnections / 2);
  const byAddress = new Map<string, number>();
  const rejections = { sinceReport: 0, reportedMs: Number.NEGATIVE_INFINITY };
  const report = (why: string) => {
    rejections.sinceReport++;
    const nowMs = performance.now();
    if (nowMs - rejections.reportedMs >= reportMs) {
      log(`Rejected ${rejections.sinceReport} connections, the last because ${why}.`);
      Object.assign(rejections, { sinceReport: 0, reportedMs: nowMs });
    }
  };
  server.maxConnections = maxConnections;
  server.on("drop", () => report(`${maxConnections} are open, which is --max-connections`));
  server.prependListener("connection", (socket: Socket) => {
    const address = networkOf(socket.remoteAddress);
    const open = byAddress.get(address) ?? 0;
    if (open >= maxPerAddress) {
      report(`${open} are open from ${address}, which is half of --max-connections`);
      socket.destroy();
      return;
    }
    byAddress.set(address, open + 1);
    socket.once("close", () => {
      const left = (byAddress.get(address) ?? 1) - 1;
      if (left === 0) {
        byAddress.delete(address);
      } else {
        byAddress.set(address, left);
      }
    });
  });
}

/** Returns an IPv4 address, or the /64 network of an IPv6 one, all addresses of which one caller may have. */
export function networkOf(address = ""): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined || !address.includes(":")) {
    return mapped ?? address;
  }
  const [head = "", tail] = address.split("::");
  const first = head === "" ? [] : head.split(":");
  const last = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => "0");
  return `${[...first, ...(tail === undefined ? [] : zeros), ...last].slice(0, 4).join(":")}::/64`;
}

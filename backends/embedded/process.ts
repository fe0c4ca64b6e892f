/**
 * The embedded backends except the database, in a process of their own, so that a frozen server
 * does not freeze them. Started by supervisor.ts.
 */
import { rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import type { CallCounts } from "../call-counts.ts";
import { ordinaryPath } from "../disk.ts";
import { cacheCounter, serveCache, serveDelayRelay } from "./cache-server.ts";
import { httpCounters, serveHttpServices } from "./http-services.ts";
import { content, diskCounter, hasMkfifo, serveSlowDisk } from "./slow-disk.ts";

/** Sent once, when all backends serve. */
export interface BackendsReady {
  readonly httpPort: number;
  readonly cachePort: number;
  /** Port of the relay in front of a real Redis; undefined when there is none. */
  readonly relayPort: number | undefined;
  /** Whether the disk consists of FIFOs and is really slow. */
  readonly fifos: boolean;
}

export interface CountsRequest {
  readonly id: number;
  /** Slot of the window to read. */
  readonly slot: number;
  /** Slot of the window to restart afterwards; undefined for none. */
  readonly restartSlot: number | undefined;
}

export interface CountsReply {
  readonly id: number;
  /** Undefined when there is no backend process. */
  readonly counts: BackendCounts | undefined;
}

export type BackendCounts = readonly (CallCounts & {
  readonly name: string;
  readonly pid: number;
})[];

const [diskFolder = "", serverFolder = "", redis] = process.argv.slice(2);

const counters = [
  ...httpCounters,
  { name: "cache", counter: cacheCounter },
  { name: "slow disk", counter: diskCounter },
];

// A terminal's Ctrl-C reaches the whole process group; the server decides when this process ends.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => {});
// After a crash of the server, nobody else removes its files.
const leave = () => {
  rmSync(serverFolder, { recursive: true, force: true });
  // exit() would wait for threads that wait for readers.
  process.kill(process.pid, "SIGKILL");
};
process.on("disconnect", leave);
if (!process.connected) {
  // The server ended before the listener above was set.
  leave();
}

process.on("message", ({ id, slot, restartSlot }: CountsRequest) => {
  const counts = counters.map(({ name, counter }) => {
    const before = counter.counts(slot);
    if (restartSlot !== undefined) {
      counter.restartWindow(restartSlot);
    }
    return { name, pid: process.pid, ...before };
  });
  const reply: CountsReply = { id, counts };
  process.send?.(reply);
});

const fifos = await hasMkfifo();
const [httpPort, cachePort, relayPort] = await Promise.all([
  serveHttpServices(),
  serveCache(),
  redis === undefined ? undefined : serveDelayRelay(JSON.parse(redis)),
  fifos ? serveSlowDisk(diskFolder) : writeFile(ordinaryPath(diskFolder), content),
]);
const ready: BackendsReady = { httpPort, cachePort, relayPort, fifos };
process.send?.(ready);

import { once } from "node:events";
import type { Server } from "node:net";
import { processCpuMs } from "@unblock/measure/clock";
import { idsIn } from "@unblock/measure/proc";

/** Listens on a free port of 127.0.0.1. Returns the URL. */
export async function listenLocally(server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") {
    throw new Error(`Expected a port of 127.0.0.1 to listen on, got ${address}`);
  }
  return `http://127.0.0.1:${address.port}`;
}

/**
 * Sends the URL to the parent process, answers its questions and exits with it. Without a parent that
 * listens, prints the URL.
 *
 * @param values by question
 */
export function announce(url: string, values: Readonly<Record<string, () => unknown>> = {}): void {
  if (process.send === undefined) {
    process.stdout.write(`${url}\n`);
    return;
  }
  process.send({ url });
  process.on("message", (question: string) => process.send?.(values[question]?.()));
  process.once("disconnect", () => process.exit());
}

/** What a server holds, after a collection of garbage. */
export interface Resources {
  readonly heapBytes: number;
  /** Memory of buffers and of objects of C++, which is not in the heap. */
  readonly externalBytes: number;
  readonly residentBytes: number;
  /** undefined where the system does not say; so are `threads`. */
  readonly descriptors: number | undefined;
  readonly threads: number | undefined;
}

/** Announces a server of which `cpuMs` and `resources` can be asked. Requires --expose-gc. */
export function announceServer(url: string): void {
  announce(url, {
    cpuMs: processCpuMs,
    resources: readResources,
  });
}

function readResources(): Resources {
  // The second collection frees what finalizers released in the first.
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external, rss } = process.memoryUsage();
  return {
    heapBytes: heapUsed,
    externalBytes: external,
    residentBytes: rss,
    descriptors: countOf("/proc/self/fd"),
    threads: countOf("/proc/self/task"),
  };
}

function countOf(folder: string): number | undefined {
  const { length } = idsIn(folder);
  return length === 0 ? undefined : length;
}

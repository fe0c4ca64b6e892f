/** Measures the memory of a thread and of a child process of the server, on Linux. */
import { readFileSync } from "node:fs";
import { createUnblockClient, createVitalsClient } from "@unblock/client/client";
import { startServer } from "@unblock/loadtest/processes";

const runs = 5;
const more = 16;
const kinds = [
  { name: "worker thread (cpu-pool)", flag: "--cpu-workers", strategy: "cpu-pool" },
  { name: "worker thread (blocking-pool)", flag: "--blocking-threads", strategy: "blocking-pool" },
  { name: "child process (processes)", flag: "--processes", strategy: "processes" },
];

/** Proportional set size of processes, in MB. */
function megabytesOf(pids: Iterable<number>): number {
  const kilobytes = [...pids].map((pid) =>
    Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]),
  );
  return kilobytes.reduce((sum, one) => sum + one, 0) / 1_024;
}

/** Memory of a server and its children in MB, once each slot has run a task. */
async function measure(flag: string, strategy: string, size: number): Promise<number> {
  const flags = ["--cpu-workers=1", "--blocking-threads=1", "--processes=1", `${flag}=${size}`];
  const { url, close } = await startServer(flags);
  const client = createUnblockClient({ baseUrl: url, strategy });
  const { backends } = await createVitalsClient({ baseUrl: url }).getVitals({});
  const slots = new Set<string>();
  const pids = new Set(backends.filter(({ name }) => name === "database").map(({ pid }) => pid));
  const onHeader = (header: Headers) => {
    const ranOn = header.get("unblock-ran-on") ?? "";
    slots.add(ranOn);
    pids.add(Number(/pid=(\d+)/.exec(ranOn)?.[1]));
  };
  while (slots.size < size) {
    const calls = Array.from({ length: 4 * size }, () =>
      strategy === "blocking-pool"
        ? client.getUser({ userId: 1 }, { onHeader })
        : client.computeHash({ data: "a", rounds: 20_000 }, { onHeader }),
    );
    await Promise.all(calls);
  }
  const megabytes = megabytesOf(pids);
  await close();
  return megabytes;
}

for (const { name, flag, strategy } of kinds) {
  const each: number[] = [];
  for (let run = 0; run < runs; run++) {
    const one = await measure(flag, strategy, 1);
    each.push(((await measure(flag, strategy, 1 + more)) - one) / more);
  }
  each.sort((a, b) => a - b);
  const shown = each.map((megabytes) => megabytes.toFixed(1)).join(", ");
  console.log(`${name}: ${each[Math.floor(runs / 2)]?.toFixed(1)} MB (${shown})`);
}

/**
 * Preloaded with `node --import`, writes the peak memory of the process in bytes to file descriptor 3 when
 * the process exits. Measured from inside at the end, no peak is missed.
 */
import { writeSync } from "node:fs";
import { isMainThread } from "node:worker_threads";
import { readText } from "@unblock/measure/proc";

if (isMainThread) {
  process.on("exit", () => writeSync(3, String(peakBytes())));
}

// Linux includes the memory before exec() in maxRSS, so /proc is read first.
function peakBytes(): number {
  const kilobytes = /^VmHWM:\s*(\d+) kB$/m.exec(readText("/proc/self/status"))?.[1];
  return 1_024 * Number(kilobytes ?? process.resourceUsage().maxRSS);
}

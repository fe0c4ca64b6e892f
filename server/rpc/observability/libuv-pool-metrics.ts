import { Gauge, type Registry } from "prom-client";
import { LibuvCanary } from "../../vitals/libuv-canary.ts";

/** How long libuv's pool takes for a call that takes no time, or that it is not known. */
export function registerLibuvPool(registers: Registry[]): void {
  const canary = new LibuvCanary();
  new Gauge({
    name: "unblock_libuv_canary_up",
    help: "Whether one fs.stat came back from libuv's pool within half a second: 1 or 0.",
    registers,
    async collect() {
      const { ms } = await canary.look();
      this.set(ms === undefined ? 0 : 1);
    },
  });
  new Gauge({
    name: "unblock_libuv_canary_seconds",
    help: "The time of that fs.stat; absent while it has not come back.",
    registers,
    async collect() {
      const { ms } = await canary.look();
      if (ms === undefined) {
        this.remove();
      } else {
        this.set(ms / 1_000);
      }
    },
  });
  new Gauge({
    name: "unblock_libuv_canary_waiting_seconds",
    help: "How long an fs.stat has been waiting for libuv's pool that has not come back; 0 when none is.",
    registers,
    async collect() {
      const { waitedMs } = await canary.look();
      this.set(waitedMs / 1_000);
    },
  });
}

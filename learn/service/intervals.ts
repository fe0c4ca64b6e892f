import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers";

/** Watches intervals, which nothing ends but who began them. @returns how many are there now */
export function watchIntervals(): () => number {
  const running = new Set<NodeJS.Timeout>();
  const begin = new Proxy(timers.setInterval, {
    apply: function setInterval(set, self, args: Parameters<typeof timers.setInterval>) {
      const interval = Reflect.apply(set, self, args);
      running.add(interval);
      return interval;
    },
  });
  timers.setInterval = begin;
  globalThis.setInterval = begin;
  // Named imports follow only now.
  syncBuiltinESMExports();
  return () => {
    for (const interval of running) {
      if (hasEnded(interval)) {
        running.delete(interval);
      }
    }
    return running.size;
  };
}

/** However it was ended: clearTimeout() and Symbol.dispose do it, too. */
function hasEnded(interval: NodeJS.Timeout): boolean {
  return "_destroyed" in interval && interval._destroyed === true;
}

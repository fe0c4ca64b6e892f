import { subscribe } from "node:diagnostics_channel";
import { IncomingMessage } from "node:http";
import { syncBuiltinESMExports } from "node:module";
import timers from "node:timers";

/** Watches intervals. @returns counts the running ones */
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

/** Whether it was ended by clearInterval(), clearTimeout() or Symbol.dispose. */
function hasEnded(interval: NodeJS.Timeout): boolean {
  return "_destroyed" in interval && interval._destroyed === true;
}

/** Channels for requests of fetch and undici that are over: the body has arrived, or never will. */
const undiciEnds = ["undici:request:trailers", "undici:request:error"] as const;

/**
 * Watches the responses of this thread's HTTP clients: node:http, fetch and undici. While a body is not
 * read to its end, its connection is neither reused nor closed. fetch and undici buffer small bodies, which
 * then do no harm.
 *
 * @returns counts the unread bodies
 */
export function watchUnreadBodies(): () => number {
  const waiting = new Set<unknown>();
  subscribe("http.client.response.finish", (message) => {
    if (isObject(message) && message.response instanceof IncomingMessage) {
      const { response } = message;
      waiting.add(response);
      response.once("close", () => waiting.delete(response));
      response.once("end", () => waiting.delete(response));
    }
  });
  subscribe("undici:request:headers", (message) => {
    if (isObject(message)) {
      waiting.add(message.request);
    }
  });
  for (const end of undiciEnds) {
    subscribe(end, (message) => {
      if (isObject(message)) {
        waiting.delete(message.request);
      }
    });
  }
  return () => waiting.size;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

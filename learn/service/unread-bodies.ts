import { subscribe } from "node:diagnostics_channel";
import { IncomingMessage } from "node:http";

/** How a request of undici ends, of fetch's and of the package's: its body has arrived, or never will. */
const undiciEnds = ["undici:request:trailers", "undici:request:error"] as const;

/**
 * Watches the responses of this thread's HTTP clients: node:http, fetch and undici. The connection of one
 * whose body is not read to its end is neither used again nor closed. fetch and undici read a body of some
 * kilobytes by themselves, so that nobody has to.
 *
 * @returns counts the bodies that wait to be read now
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

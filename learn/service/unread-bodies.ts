import { subscribe } from "node:diagnostics_channel";
import { IncomingMessage } from "node:http";

/**
 * Watches responses that node:http's client gets: the connection of one whose body is not read is neither
 * used again nor closed. (fetch reads a small body by itself.)
 *
 * @returns how many bodies wait to be read now
 */
export function watchUnreadBodies(): () => number {
  const waiting = new Set<IncomingMessage>();
  subscribe("http.client.response.finish", (message) => {
    if (isObject(message) && message.response instanceof IncomingMessage) {
      const { response } = message;
      waiting.add(response);
      response.once("close", () => waiting.delete(response));
      response.once("end", () => waiting.delete(response));
    }
  });
  return () => waiting.size;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

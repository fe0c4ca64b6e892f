import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { CallCounter } from "../call-counts.ts";
import { encodePng, pictureFor } from "./pictures/pictures.ts";

/** Counts service-1 to service-5 together, to show how far a dashboard's waits overlap. */
const dashboardCounter = new CallCounter();

/** A service whose response is JSON, or a picture's bytes. */
function createService(
  name: string,
  delayMs: number,
  reply: (url: URL) => unknown,
  ...shared: readonly CallCounter[]
) {
  const counter = new CallCounter();
  return { name, delayMs, reply, counter, counters: [counter, ...shared] };
}

const services = [
  createService("weather", 200, ({ searchParams }) => ({
    city: searchParams.get("city"),
    temperature: 22,
    conditions: "sunny",
  })),
  ...[1, 2, 3, 4, 5].map((number) =>
    createService(`service-${number}`, 100, () => ({ data: `data_${number}` }), dashboardCounter),
  ),
  createService("images", 100, ({ pathname }) =>
    encodePng(pictureFor(pathname.slice("/images".length))),
  ),
  createService("analytics", 200, () => ({ status: "logged" })),
];

/** Counters of the HTTP services, by name; "services" are service-1 to service-5 together. */
export const httpCounters = [
  ...services.map(({ name, counter }) => ({ name, counter })),
  { name: "services", counter: dashboardCounter },
];

/**
 * Serves weather, service-1 to service-5, images and analytics under their names, with the delays
 * of the exercises.
 *
 * @returns port on loopback
 */
export async function serveHttpServices(): Promise<number> {
  const server = createServer((request, response) => {
    // A disconnected client is not an error of the service.
    request.on("error", () => {});
    request.resume();
    serve(request, response).catch((error: unknown) => {
      send(response, 500, { error: String(error) });
    });
  });
  // Longer than clients keep idle connections, so that they never send into a closing one.
  server.keepAliveTimeout = 60_000;
  await once(server.listen(0, "127.0.0.1"), "listening");
  return (server.address() as AddressInfo).port;
}

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://localhost");
  const [, name] = url.pathname.split("/", 2);
  const service = services.find((candidate) => candidate.name === name);
  if (!service) {
    send(response, 404, { error: `There is no service "${name}"` });
    return;
  }
  for (const counter of service.counters) {
    counter.begin();
  }
  try {
    const delay = setTimeout(service.delayMs);
    const reply = service.reply(url);
    await delay;
    // Analytics accepts an event, as it would record it later.
    send(response, name === "analytics" ? 202 : 200, reply);
  } finally {
    for (const counter of service.counters) {
      counter.end();
    }
  }
}

function send(response: ServerResponse, status: number, reply: unknown): void {
  const [type, body] =
    reply instanceof Uint8Array
      ? ["image/png", reply]
      : ["application/json", Buffer.from(JSON.stringify(reply))];
  response.writeHead(status, { "content-type": type, "content-length": body.length });
  response.end(body);
}

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { CallCounter } from "../call-counts.ts";
import { encodePng, pictureFor } from "./pictures/pictures.ts";

interface HttpReply {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
}

type Service = readonly [name: string, delayMs: number, reply: (url: URL) => HttpReply];

const dashboardServices = [1, 2, 3, 4, 5].map(
  (number): Service => [`service-${number}`, 100, () => json(200, { data: `data_${number}` })],
);

const allServices: readonly Service[] = [
  [
    "weather",
    200,
    ({ searchParams }) =>
      json(200, { city: searchParams.get("city"), temperature: 22, conditions: "sunny" }),
  ],
  ...dashboardServices,
  ["images", 100, ({ pathname }) => png(pathname.slice("/images".length))],
  ["analytics", 200, () => json(202, { status: "logged" })],
];

/** Counts service-1 to service-5 together, to show how far a dashboard's waits overlap. */
const dashboardCounter = new CallCounter();

const services = allServices.map((service) => {
  const [name, delayMs, reply] = service;
  const counter = new CallCounter();
  const shared = dashboardServices.includes(service) ? [dashboardCounter] : [];
  return { name, delayMs, reply, counter, counters: [counter, ...shared] };
});

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
      send(response, json(500, { error: String(error) }));
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
    send(response, json(404, { error: `There is no service "${name}"` }));
    return;
  }
  for (const counter of service.counters) {
    counter.begin();
  }
  try {
    const delay = setTimeout(service.delayMs);
    const reply = service.reply(url);
    await delay;
    send(response, reply);
  } finally {
    for (const counter of service.counters) {
      counter.end();
    }
  }
}

function json(status: number, body: unknown): HttpReply {
  return { status, type: "application/json", body: JSON.stringify(body) };
}

function png(path: string): HttpReply {
  return { status: 200, type: "image/png", body: encodePng(pictureFor(path)) };
}

function send(response: ServerResponse, { status, type, body }: HttpReply): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(body);
}

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { encodePng, pictureFor } from "@unblock/backends/embedded/pictures/pictures";
import type { WorldLog } from "./log.ts";

interface Service {
  readonly name: RegExp;
  readonly delayMs: number;
  /** Whether the service of a name fails when the backends do. */
  readonly fails: (name: string) => boolean;
  readonly what: (url: URL) => string;
  /** @param number of the request */
  readonly value: (url: URL, number: number) => unknown;
}

const skies = ["sunny", "cloudy", "rainy", "foggy", "windy", "snowy", "stormy"];
const coldest = -40;
const span = 83;

const services: readonly Service[] = [
  {
    name: /^weather$/,
    delayMs: 200,
    fails: () => true,
    what: ({ searchParams }) => searchParams.get("city") ?? "",
    value: ({ searchParams }, number) => ({
      city: searchParams.get("city"),
      // Differs from the previous ones.
      temperature: coldest + ((number * 17) % span),
      conditions: skies[number % skies.length],
    }),
  },
  {
    name: /^service-[1-5]$/,
    delayMs: 100,
    fails: (name) => name === "service-3",
    what: () => "",
    value: ({ pathname }, number) => ({ data: `data_${pathname.at(-1)} no. ${number}` }),
  },
  {
    name: /^images$/,
    delayMs: 100,
    fails: () => true,
    what: ({ pathname }) => pathname.slice("/images".length),
    value: () => undefined,
  },
];

/** Serves weather, service-1 to service-5 and images, each under its name. @returns the base URL */
export async function serveHttpServices(log: WorldLog): Promise<string> {
  const server = createServer((request, response) => {
    // A client that disconnects is no failure of the service.
    request.on("error", () => {});
    request.resume();
    serve(request, response, log).catch((error: unknown) => response.destroy(toError(error)));
  });
  // Longer than a check takes: a client that opens a connection per call does so on its own.
  server.keepAliveTimeout = 120_000;
  server.on("connection", (socket) => {
    socket.on("close", log.connect());
    socket.on("error", () => socket.destroy());
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", resolve);
  await promise;
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  log: WorldLog,
): Promise<void> {
  const url = new URL(request.url ?? "/", "http://localhost");
  const [, name = ""] = url.pathname.split("/", 2);
  const service = services.find((candidate) => candidate.name.test(name));
  if (service === undefined) {
    send(response, 404, "application/json", JSON.stringify({ error: `no service "${name}"` }));
    return;
  }
  const { mood } = log;
  const number = log.nextNumber();
  const value = service.value(url, number);
  const onEnd = log.ask(name, service.what(url), value);
  response.on("close", () => onEnd(response.writableFinished ? "answered" : "cancelled"));
  const isAffected = service.fails(name);
  if (mood === "failing" && isAffected) {
    await setTimeout(5);
    send(response, 503, "application/json", JSON.stringify({ error: "try again later" }));
    return;
  }
  await setTimeout(log.delayMs(service.delayMs, number));
  if (response.destroyed) {
    return;
  }
  if (name === "images") {
    const png = encodePng(pictureFor(service.what(url)));
    send(response, 200, "image/png", mood === "empty" ? "" : png);
    return;
  }
  send(
    response,
    200,
    "application/json",
    JSON.stringify(mood === "empty" && isAffected ? {} : value),
  );
}

function send(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(body);
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

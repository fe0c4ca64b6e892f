/** The thread of picture-host.ts: serves pages, and at /requests what was asked of it. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import type { Page } from "./picture-host.ts";

const pages: Readonly<Record<string, Page>> = workerData;
const requests: string[] = [];

const server = createServer((request, response) => {
  const path = request.url ?? "/";
  if (path === "/requests") {
    response.end(requests.splice(0).join("\n"));
    return;
  }
  requests.push([path, request.headers.authorization].filter(Boolean).join(" "));
  const { status = 200, headers = {}, body = "", cut = false } = pages[path] ?? { status: 404 };
  response.writeHead(status, headers);
  if (cut) {
    response.write(body, () => response.destroy());
  } else {
    response.end(body);
  }
});
server.listen(0, "127.0.0.1", () => {
  parentPort?.postMessage((server.address() as AddressInfo).port);
});

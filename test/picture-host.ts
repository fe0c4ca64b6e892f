/** Serves pages of an HTTP service in a thread of its own, so that they are served while the test's loop is blocked. */
import { once } from "node:events";
import { createServer } from "node:http";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { listen } from "./listen.ts";

/** Response of a picture host to a path. */
export interface Page {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Cuts the connection after the body, before the end of the response. */
  readonly cut?: boolean;
}

export interface PictureHost {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** Paths that were requested since the last call, each with its credentials. */
  requests(): Promise<string[]>;
  close(): Promise<unknown>;
}

/** Serves pages by path, and 404 elsewhere. */
export async function servePictures(pages: Readonly<Record<string, Page>>): Promise<PictureHost> {
  const thread = new Worker(new URL(import.meta.url), { workerData: pages });
  const [url] = await once(thread, "message");
  return {
    url,
    requests: async () =>
      (await (await fetch(`${url}/requests`)).text()).split("\n").filter(Boolean),
    close: () => thread.terminate(),
  };
}

async function serve(pages: Readonly<Record<string, Page>>): Promise<void> {
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
  parentPort?.postMessage((await listen(server)).url);
}

if (!isMainThread) {
  await serve(workerData);
}

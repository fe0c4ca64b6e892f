import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** What a picture host answers at a path. */
export interface Page {
  /** Default 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Cuts the connection after the body, before the answer's end. */
  readonly cut?: boolean;
}

export interface PictureHost {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  /** The paths asked for since the last time somebody asked this, each with its credentials. */
  requests(): Promise<string[]>;
  close(): Promise<unknown>;
}

/** Serves pages by path, 404 elsewhere; on a thread of its own, so that it serves a frozen server. */
export async function servePictures(pages: Readonly<Record<string, Page>>): Promise<PictureHost> {
  const thread = new Worker(new URL("./picture-host-thread.ts", import.meta.url), {
    workerData: pages,
  });
  const [port] = await once(thread, "message");
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    requests: async () =>
      (await (await fetch(`${url}/requests`)).text()).split("\n").filter(Boolean),
    close: () => thread.terminate(),
  };
}

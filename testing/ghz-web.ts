import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { freePort } from "./free-port.ts";

export interface GhzWebServer {
  readonly url: string;
  /** What its API answers. */
  get(path: string): Promise<unknown>;
  close(): Promise<void>;
}

/** Starts a real ghz-web with an empty database. */
export async function startGhzWeb(): Promise<GhzWebServer> {
  const folder = await mkdtemp(join(tmpdir(), "unblock-ghz-web-"));
  // ghz-web can't be told to take any.
  const port = await freePort();
  const child = spawn("ghz-web", [], {
    cwd: folder,
    stdio: "ignore",
    env: {
      ...process.env,
      GHZ_SERVER_PORT: String(port),
      GHZ_DATABASE_CONNECTION: join(folder, "ghz.db"),
    },
  });
  const url = `http://127.0.0.1:${port}`;
  const get = async (path: string): Promise<unknown> => (await fetch(`${url}/api/${path}`)).json();
  while (child.exitCode === null) {
    const up = await get("info/").catch(() => undefined);
    if (up !== undefined) {
      break;
    }
    await setTimeout(50);
  }
  return {
    url,
    get,
    close: async () => {
      if (child.exitCode === null) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
      await rm(folder, { recursive: true });
    },
  };
}

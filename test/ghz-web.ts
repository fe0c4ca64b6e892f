import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { freePort } from "./listen.ts";

export interface GhzWebServer {
  readonly url: string;
  /** Gets a response of its API. */
  get(path: string): Promise<unknown>;
  close(): Promise<void>;
}

/** Starts ghz-web with an empty database. */
export async function startGhzWeb(): Promise<GhzWebServer> {
  const folder = await mkdtemp(join(tmpdir(), "unblock-ghz-web-"));
  // ghz-web cannot choose a free port.
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
  await vi.waitFor(() => get("info/"), { timeout: 20_000, interval: 50 });
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

import { mkdtempDisposableSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Bench } from "./bench.ts";
import { runChild } from "./processes.ts";

/** A request as it is on the wire. */
export interface Post {
  readonly path: string;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Start of the response's body. */
  readonly response: Buffer;
}

interface H2loadLoad {
  readonly url: string;
  readonly post: Post;
  readonly connections: number;
  /** Calls in flight per connection. */
  readonly streams: number;
  readonly seconds: number;
}

/** Time for the start, and for a server that does not respond. */
const graceMs = 30_000;

/**
 * Runs h2load on the clients' core. Returns the number of calls that ended within the time.
 *
 * @throws Error when h2load is not installed, a call failed, or responses are shorter than they should be
 */
export async function runH2load(
  { pinning }: Pick<Bench, "pinning">,
  { url, post, connections, streams, seconds }: H2loadLoad,
): Promise<number> {
  using folder = mkdtempDisposableSync(join(tmpdir(), "unblock-h2load-"));
  const body = join(folder.path, "body");
  writeFileSync(body, post.body);
  const fields = Object.entries(post.fields).flatMap(([name, value]) => [
    "-H",
    `${name}: ${value}`,
  ]);
  const command = pinning.client([
    ...(["h2load", "-c", String(connections), "-m", String(streams), "-t", "1"] as const),
    ...["-D", `${seconds}s`, "-d", body, ...fields, `${url}${post.path}`],
  ]);
  const { code, stdout, stderr } = await runChild(command, 1_000 * seconds + graceMs);
  if (code !== 0) {
    throw new Error(
      `Expected h2load to run (Debian: apt-get install nghttp2-client), got exit code ${code}: ${stderr}`,
    );
  }
  return readCalls(stdout, post.response.length);
}

/**
 * Reads the number of calls from what h2load printed. It does not know the status of gRPC, which is in the
 * trailers, so responses without their message are what tells failed calls.
 *
 * @throws Error when calls failed
 */
export function readCalls(output: string, responseBytes: number): number {
  const numberIn = (pattern: RegExp) => Number(pattern.exec(output)?.[1] ?? Number.NaN);
  const calls = numberIn(/(\d+) succeeded/);
  const failed = numberIn(/succeeded, (\d+) failed/);
  const received = numberIn(/\((\d+)\) data$/m);
  if (!(calls > 0 && failed === 0 && received >= calls * responseBytes)) {
    throw new Error(
      `Expected h2load to have no failed call and ${responseBytes} bytes per response, got:\n${output.trim()}`,
    );
  }
  return calls;
}

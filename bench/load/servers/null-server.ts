/**
 * The null server: as little as a gRPC server on Node can do. What it serves in a second is what a
 * load client can show of itself.
 */
import type { Http2Server } from "node:http2";
import { parseArgs } from "node:util";
import { announce } from "../../harness/announce.ts";
import { answerAfter } from "./delay.ts";
import { answer, serveGrpc } from "./grpc-over-http2.ts";

/** @param delayMs how long each call takes, at least; 0 answers at once */
export function startNullServer(delayMs: number): Promise<{ url: string; server: Http2Server }> {
  return serveGrpc(delayMs === 0 ? answer : answerAfter(delayMs));
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { delay: { type: "string", default: "0" } } });
  const { url } = await startNullServer(Number(values.delay));
  announce(url);
}

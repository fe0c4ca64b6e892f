import type { ServerHttp2Stream } from "node:http2";
import { callGrpc } from "@unblock/test/wire";
import { expect, test } from "vitest";
import { startNullServer } from "./null-server.ts";

test("responds to each call, never before its delay", async () => {
  const delayMs = 10;
  const { url, server } = await startNullServer(delayMs);
  const tookMs: number[] = [];
  server.on("session", (session) =>
    session.on("stream", (stream: ServerHttp2Stream) => {
      const beganMs = performance.now();
      stream.on("wantTrailers", () => tookMs.push(performance.now() - beganMs));
    }),
  );
  try {
    const replies = await Promise.all(
      Array.from({ length: 30 }, () => callGrpc(url, "/a.B/C", new Uint8Array())),
    );
    expect(replies.map(({ grpcStatus }) => grpcStatus)).toEqual(replies.map(() => "0"));
    expect(tookMs).toHaveLength(30);
    expect(tookMs.filter((ms) => ms < delayMs)).toEqual([]);
    // The queue is empty again.
    expect((await callGrpc(url, "/a.B/C", new Uint8Array())).grpcStatus).toBe("0");
  } finally {
    server.close();
  }
});

import { callGrpc } from "@unblock/test/wire";
import { afterEach, expect, test } from "vitest";
import { createPinning, type ServerProcess } from "../../harness/processes.ts";
import { type ServerKind, servers, startBenchServer } from "../servers.ts";
import type { StallLog } from "./stalled-server.ts";

let server: ServerProcess | undefined;
afterEach(() => server?.[Symbol.asyncDispose]());

const ping = "/unblock.v1.VitalsService/Ping";
const kinds = Object.keys(servers).filter((kind): kind is ServerKind => kind in servers);

test.each(kinds)("the %s server serves a gRPC call, in a process of its own", async (kind) => {
  server = await startBenchServer(kind, createPinning());
  const reply = await callGrpc(server.url, ping, new Uint8Array());
  expect(reply).toMatchObject({ status: 200, grpcStatus: "0" });
});

test("the null server accepts any path and any message", async () => {
  server = await startBenchServer("null", createPinning());
  const reply = await callGrpc(server.url, "/a.B/C", new Uint8Array(100_000));
  expect(reply).toMatchObject({ status: 200, grpcStatus: "0" });
});

test("the grpc-js server rejects unknown RPCs", async () => {
  server = await startBenchServer("grpc-js", createPinning());
  expect((await callGrpc(server.url, "/a.B/C", new Uint8Array())).grpcStatus).toBe("12");
});

test("the stalled server logs the calls it served", async () => {
  server = await startBenchServer("stalled", createPinning());
  const { url } = server;
  await Promise.all(Array.from({ length: 20 }, () => callGrpc(url, ping, new Uint8Array())));
  const log = await server.ask<StallLog>("log");
  expect(log.stalls).toEqual([]);
  expect(log.servicesMs).toHaveLength(20);
  // By construction: each call occupies the server for 0.2 ms.
  expect(Math.min(...log.servicesMs)).toBeGreaterThanOrEqual(0.2);
});

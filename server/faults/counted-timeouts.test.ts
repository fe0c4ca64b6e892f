import { once } from "node:events";
import { connect } from "node:net";
import { http2Implementations } from "@unblock/connect/listener/listener";
import { endedCalls } from "@unblock/test/metrics-page";
import { expect, test, vi } from "vitest";
import { impatientServers } from "../testing/impatient-server.ts";
import {
  grpc,
  openSession,
  pingPath,
  UnendedRequest,
  waitOptions,
} from "../testing/unended-request.ts";

const start = impatientServers();
const timeLimits = { headerMs: 200, requestMs: 200 };
const counted = { "Ping deadline_exceeded": 1 };

test.each(http2Implementations)("counts an incomplete request over HTTP/2 of %s", async (http2) => {
  const { url } = await start({ timeLimits, http2 });
  const session = openSession(url);
  await new UnendedRequest(session, pingPath, grpc).responded;
  await vi.waitUntil(async () => Object.keys(await endedCalls(url)).length > 0, waitOptions);
  expect(await endedCalls(url)).toEqual(counted);
  session.destroy();
});

test("counts an incomplete request over HTTP/1.1", async () => {
  const { url, port } = await start({ timeLimits });
  const socket = connect(port, "127.0.0.1");
  socket.write(
    `POST ${pingPath} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
      "content-length: 40\r\n\r\n{",
  );
  const [response]: unknown[] = await once(socket, "data");
  expect(String(response)).toContain("HTTP/1.1 408");
  await vi.waitUntil(async () => Object.keys(await endedCalls(url)).length > 0, waitOptions);
  expect(await endedCalls(url)).toEqual(counted);
  socket.destroy();
});

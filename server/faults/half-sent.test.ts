import { once } from "node:events";
import { connect } from "node:net";
import { startTestServer } from "@unblock/test/test-server";
import { expect, test, vi } from "vitest";
import {
  grpc,
  hashPath,
  json,
  openSession,
  UnendedRequest,
  waitOptions,
} from "../testing/unended-request.ts";

test("a closing server does not wait for incomplete requests", async () => {
  const server = await startTestServer();
  const session = openSession(server.url);
  const requests = [grpc, json].map((header) => new UnendedRequest(session, hashPath, header));
  for (const { stream } of requests) {
    stream.write("{");
  }
  const socket = connect(Number(new URL(server.url).port), "127.0.0.1");
  socket.write(
    `POST ${hashPath} HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\n` +
      'content-length: 14\r\n\r\n{"data":',
  );
  let answer = "";
  socket.setEncoding("latin1").on("data", (text: string) => {
    answer += text;
  });
  const ended = once(socket, "close");
  // Sent after the others, so that all have been read at its response.
  expect((await server.call("ComputeHash", { data: "abc", rounds: 1 })).code).toBe("ok");
  const metrics = await fetch(`${server.url}/metrics`);
  expect(await metrics.text()).toContain("rpc_server_in_progress 3\n");

  await server.close();
  await vi.waitUntil(() => requests.every(({ stream }) => stream.destroyed), waitOptions);
  expect(requests[0]?.fields).toMatchObject({ "grpc-status": "14" });
  expect(requests[1]?.fields).toMatchObject({ ":status": 503 });
  await ended;
  expect(answer).toMatch(/^HTTP\/1\.1 503 .*"code":"unavailable"/s);
  // The server waited for none of the requests.
  expect(server.logged).toEqual([]);
});

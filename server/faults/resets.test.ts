import { once } from "node:events";
import { connect, constants } from "node:http2";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, expect, test } from "vitest";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ blockingThreads: 2 });
});
afterAll(() => server.close());

// CVE-2023-44487.
test("closes a connection with ten thousand rapid resets, and serves others", async () => {
  const session = connect(server.url);
  session.on("error", () => {});
  await once(session, "connect");
  const closed = new Promise((resolve) => session.once("close", resolve));
  const others: Promise<{ code: string }>[] = [];
  let resets = 0;
  while (resets < 10_000 && !session.destroyed && !session.closed) {
    for (let burst = 0; burst < 100 && !session.closed; burst++, resets++) {
      const stream = session.request({
        ":method": "POST",
        ":path": "/unblock.v1.ExercisesService/GetCache",
        "content-type": "application/grpc",
      });
      stream.on("error", () => {});
      stream.close(constants.NGHTTP2_CANCEL);
    }
    others.push(server.call("GetCache", { key: `key${resets}` }));
    await new Promise(setImmediate);
  }
  const replies = await Promise.all(others);
  expect(replies.map(({ code }) => code)).toEqual(Array(others.length).fill("ok"));
  if (resets < 10_000) {
    await closed;
  }
  session.destroy();
  expect((await server.executor("event-loop")).running).toBe(0);
});

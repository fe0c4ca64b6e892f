import { create, toBinary } from "@bufbuild/protobuf";
import { createVitalsClient } from "@unblock/client/client";
import { envelope } from "@unblock/connect/adapter/envelope";
import { errorCode } from "@unblock/http2/errors";
import { goAwayFrame, resetStreamFrame } from "@unblock/http2/frames";
import { ExercisesService, TrackEventRequestSchema } from "@unblock/proto/gen/exercises";
import { attackTest, footprintOf, reportAttack } from "@unblock/test/attack";
import { RawHttp2 } from "@unblock/test/raw-http2";
import { startServerProcess, type TestServerProcess } from "@unblock/test/server-process";
import { post } from "@unblock/test/wire";
import { afterAll, beforeAll, expect, vi } from "vitest";

let server: TestServerProcess;
beforeAll(async () => {
  server = await startServerProcess(["--blocking-threads", "2"]);
});
afterAll(() => server.kill());

const event = create(TrackEventRequestSchema, { event: "x".repeat(30), userId: 1 });
const body = envelope(0, toBinary(TrackEventRequestSchema, event));

function begin(connection: RawHttp2, streamId: number): Buffer {
  return connection.headers(streamId, [
    [":method", "POST"],
    [":scheme", "http"],
    [":authority", "localhost"],
    [":path", `/${ExercisesService.typeName}/${ExercisesService.method.trackEvent.name}`],
    ["content-type", "application/grpc+proto"],
    ["te", "trailers"],
    ["content-length", String(body.length)],
  ]);
}

/** Returns the events that analytics received, after those of all requests so far were sent. */
async function eventsSent(): Promise<number> {
  // The server starts background tasks in the order of their calls.
  await post(server.url, "ExercisesService/TrackEvent", '{"event":"last","user_id":1}');
  ownEvents++;
  const vitals = createVitalsClient({ baseUrl: server.url });
  const calls = async () => {
    const { backends } = await vitals.getVitals({});
    return backends.find(({ name }) => name === "analytics")?.calls ?? 0;
  };
  await vi.waitUntil(async () => (await calls()) >= ownEvents, { timeout: 20_000, interval: 20 });
  return (await calls()) - ownEvents;
}
let ownEvents = 0;

const attacks: readonly [
  string,
  (connection: RawHttp2, streamId: number) => void | Promise<void>,
][] = [
  [
    "reset after 8 bytes of the body",
    async (connection, streamId) => {
      connection.write(begin(connection, streamId), connection.data(streamId, body.subarray(0, 8)));
      await connection.ping();
      connection.write(resetStreamFrame(streamId, errorCode.cancel));
    },
  ],
  [
    "closed with GOAWAY and FIN after 8 bytes of the body",
    async (connection, streamId) => {
      connection.write(begin(connection, streamId), connection.data(streamId, body.subarray(0, 8)));
      await connection.ping();
      connection.write(goAwayFrame(0, errorCode.noError));
      connection.socket.end();
      await connection.closed();
    },
  ],
  [
    "reset in the write of the whole request",
    (connection, streamId) =>
      connection.write(
        begin(connection, streamId),
        connection.data(streamId, body, true),
        resetStreamFrame(streamId, errorCode.cancel),
      ),
  ],
];

attackTest.for(attacks)("400 events that are %s", async ([how, act]) => {
  const before = footprintOf(server.child.pid);
  let connection = await RawHttp2.open(server.url);
  for (let request = 0; request < 400; request++) {
    if (connection.isClosed) {
      connection = await RawHttp2.open(server.url);
    }
    await act(connection, 2 * request + 1);
  }
  if (!connection.isClosed) {
    await connection.ping();
    connection.close();
  }
  const sent = await eventsSent();
  reportAttack({
    sent: `400 TrackEvents that were ${how}`,
    did: `the server sent ${sent} events`,
    before,
    after: footprintOf(server.child.pid),
  });
  expect(sent).toBe(0);
});

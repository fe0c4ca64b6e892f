import { expect, test, vi } from "vitest";
import { type ImpatientServer, impatientServers } from "../testing/impatient-server.ts";
import {
  assertServes,
  grpc,
  openSession,
  UnendedRequest,
  waitOptions,
  watchPath,
} from "../testing/unended-request.ts";

const reflectionPath = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
const alphaPath = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";
const vitalsPath = "/unblock.v1.VitalsService/WatchVitals";
const emptyMessage = Buffer.alloc(5);
/** A reflection request for the list of services. */
const listServices = Buffer.from([0, 0, 0, 0, 2, 0x3a, 0]);

const start = impatientServers();

/** Opens a stream and sends one message; the client's side stays open for reflection. */
function silentStream(session: ReturnType<typeof openSession>, path: string): UnendedRequest {
  const request = new UnendedRequest(session, path, grpc);
  if (path === watchPath || path === vitalsPath) {
    request.stream.end(emptyMessage);
  }
  return request;
}

async function assertHoldsStreams(server: ImpatientServer, streams: number): Promise<void> {
  await vi.waitUntil(() => server.holds().streams === streams, waitOptions);
}

test("rejects streams over the limit per connection", async () => {
  const server = await start({ streamLimits: { perConnection: 3, perServer: 100 } });
  const session = openSession(server.url);
  const open = [watchPath, reflectionPath, alphaPath].map((path) => silentStream(session, path));
  await assertHoldsStreams(server, 3);
  for (const path of [watchPath, vitalsPath, reflectionPath]) {
    const rejected = silentStream(session, path);
    await rejected.assertClosed();
    expect(rejected.fields).toMatchObject({ "grpc-status": "8" });
  }
  await assertServes(session);
  expect(open.some(({ stream }) => stream.closed)).toBe(false);

  const other = silentStream(openSession(server.url), watchPath);
  await vi.waitUntil(() => other.body !== "", waitOptions);
  // A stream that ends makes room.
  open[0]?.stream.close();
  await assertHoldsStreams(server, 3);
  const next = silentStream(session, watchPath);
  await vi.waitUntil(() => next.body !== "", waitOptions);
});

test("rejects streams over the limit per server on every connection", async () => {
  const server = await start({ streamLimits: { perConnection: 2, perServer: 3 } });
  const [one, two] = [openSession(server.url), openSession(server.url)];
  const open = [one, one, two].map((session) => silentStream(session, watchPath));
  await vi.waitUntil(() => open.every(({ body }) => body !== ""), waitOptions);
  const third = openSession(server.url);
  const rejected = silentStream(third, reflectionPath);
  await rejected.assertClosed();
  expect(rejected.fields).toMatchObject({ "grpc-status": "8" });
  await assertServes(third);
  one.destroy();
  await assertHoldsStreams(server, 1);
  const next = silentStream(third, watchPath);
  await vi.waitUntil(() => next.body !== "", waitOptions);
});

test.each([reflectionPath, alphaPath])("ends an idle reflection stream: %s", async (path) => {
  const server = await start({ reflectionIdleMs: 200 });
  const silent = new UnendedRequest(openSession(server.url), path, grpc);
  await silent.assertClosed();
  expect(silent).toMatchObject({ fields: { "grpc-status": "0" }, body: "" });
  const asked = new UnendedRequest(openSession(server.url), path, grpc);
  asked.stream.write(listServices);
  await asked.assertClosed();
  expect(asked.fields).toMatchObject({ "grpc-status": "0" });
  expect(asked.body).toContain("grpc.reflection.v1.ServerReflection");
  await assertHoldsStreams(server, 0);
});

test("keeps a reflection stream that sends a request now and then", async () => {
  const server = await start({ reflectionIdleMs: 400 });
  const session = openSession(server.url);
  const silent = new UnendedRequest(session, reflectionPath, grpc);
  const asking = new UnendedRequest(session, reflectionPath, grpc);
  const timer = setInterval(() => asking.stream.write(listServices), 50);
  await silent.assertClosed();
  const later = new UnendedRequest(session, reflectionPath, grpc);
  await later.assertClosed();
  expect(asking.stream.closed).toBe(false);
  clearInterval(timer);
  await asking.assertClosed();
});

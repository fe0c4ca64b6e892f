import { createServer, get } from "node:http";
import type { AddressInfo } from "node:net";
import { request } from "undici";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { watchUnreadBodies } from "./observation.ts";

/** More than a client reads by itself. */
const largeBody = Buffer.alloc(4_000_000);
const server = createServer((_, response) => response.end(largeBody));
let url: string;

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => server.closeAllConnections());

test("counts unread bodies of each HTTP client until they are read or cancelled", async () => {
  const count = watchUnreadBodies();
  const [fetched, requested, got] = await Promise.all([
    fetch(url),
    request(url),
    new Promise<NodeJS.ReadableStream>((resolve) => get(url, resolve)),
  ]);
  expect(count()).toBe(3);
  got.resume();
  await vi.waitFor(() => expect(count()).toBe(2));
  await fetched.body?.cancel();
  await vi.waitFor(() => expect(count()).toBe(1));
  expect((await requested.body.arrayBuffer()).byteLength).toBe(largeBody.length);
  await vi.waitFor(() => expect(count()).toBe(0));
});

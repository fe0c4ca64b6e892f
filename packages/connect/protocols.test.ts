import { Code, ConnectError } from "@connectrpc/connect";
import { createUnblockClient, protocols } from "@unblock/client/client";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

describe.each(protocols)("over %s", (protocol) => {
  const client = (strategy?: string) =>
    createUnblockClient({
      baseUrl: server.url,
      protocol,
      ...(strategy === undefined ? {} : { strategy }),
    });

  test("a response has strategy, executor and timing in its headers", async () => {
    let headers = new Headers();
    const onHeader = (received: Headers) => {
      headers = received;
    };
    const user = await client().getUser({ userId: 7 }, { onHeader });
    expect(user).toMatchObject({ userId: 7, name: "User 7", email: "user7@example.com" });
    expect(headers.get("unblock-strategy")).toBe("blocking-pool");
    expect(headers.get("unblock-ran-on")).toMatch(
      new RegExp(`^blocking-pool;pid=${process.pid};thread=[1-9]\\d*$`),
    );
    expect(headers.get("server-timing")).toMatch(/^queue;dur=\d+\.\d{3}, work;dur=\d+\.\d{3}$/);
    expect(headers.get("unblock-began")).toMatch(/^\d+\.\d{3}$/);
  });

  test("a client's strategy applies to every call", async () => {
    const executors: (string | null)[] = [];
    const onHeader = (headers: Headers) => executors.push(headers.get("unblock-ran-on"));
    const { getUser, getConfig } = client("event-loop");
    await getUser({ userId: 7 }, { onHeader });
    await getConfig({}, { onHeader });
    const eventLoop = `event-loop;pid=${process.pid};thread=0`;
    expect(executors).toEqual([eventLoop, eventLoop]);
  });

  test("a failure has its code and message", async () => {
    const error = await client()
      .getUser({ userId: 0 })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ConnectError);
    expect(error).toMatchObject({
      code: Code.InvalidArgument,
      rawMessage: expect.stringContaining("user_id"),
    });
  });

  test("missing and forbidden have codes of their own", async () => {
    await expect(client().getUser({ userId: 2 ** 31 - 1 })).rejects.toMatchObject({
      code: Code.NotFound,
    });
    const imageUrl = "http://evil.test/cat.png";
    await expect(client().predictImage({ imageUrl })).rejects.toMatchObject({
      code: Code.PermissionDenied,
    });
  });

  test("text of every alphabet is preserved", async () => {
    const city = "Łódź 東京 \u{1f327}";
    expect(await client().getWeather({ city })).toMatchObject({ city });
  });
});

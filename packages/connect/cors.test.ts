import { once } from "node:events";
import { connect, type IncomingHttpHeaders } from "node:http2";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { post } from "@unblock/test/wire";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const page = "https://app.example.com";
const path = "/unblock.v1.ExercisesService/GetUser";

describe("CORS", () => {
  let open: TestServer;
  let closed: TestServer;
  beforeAll(async () => {
    open = await startTestServer({ corsOrigins: [page] });
    closed = await startTestServer();
  });
  afterAll(() => Promise.all([open.close(), closed.close()]));

  const preflight = (server: TestServer, origin: string) =>
    fetch(`${server.url}${path}`, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST" },
    });

  test("lets pages of allowed origins send preflights and calls", async () => {
    const { status, headers } = await preflight(open, page);
    expect(status).toBe(204);
    expect(headers.get("access-control-allow-origin")).toBe(page);
    expect(headers.get("access-control-allow-methods")).toBe("POST, GET");
    expect(headers.get("access-control-allow-headers")).toContain("Connect-Timeout-Ms");
    const answer = await post(open.url, path, '{"user_id":1}', { origin: page });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("access-control-allow-origin")).toBe(page);
    expect(answer.headers.get("access-control-expose-headers")).toContain("unblock-ran-on");
    expect(answer.headers.get("vary")).toBe("origin");
  });

  test("lets pages read errors", async () => {
    const { status, headers } = await post(open.url, path, '{"user_id":0}', { origin: page });
    expect(status).toBe(400);
    expect(headers.get("access-control-allow-origin")).toBe(page);
  });

  test("responds to preflights over HTTP/2", async () => {
    const session = connect(open.url);
    const stream = session.request({
      ":method": "OPTIONS",
      ":path": path,
      origin: page,
      "access-control-request-method": "POST",
    });
    const [headers]: IncomingHttpHeaders[] = await once(stream, "response");
    session.destroy();
    expect(headers).toMatchObject({ ":status": 204, "access-control-allow-origin": page });
  });

  test.each([
    ["of another origin", () => open, "https://evil.example.com"],
    ["of any origin, when none is configured", () => closed, page],
  ])("does not allow %s", async (_, server, origin) => {
    expect((await preflight(server(), origin)).headers.get("access-control-allow-origin")).toBe(
      null,
    );
    const { headers } = await post(server().url, path, '{"user_id":1}', { origin });
    expect(headers.get("access-control-allow-origin")).toBe(null);
  });
});

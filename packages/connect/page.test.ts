import { once } from "node:events";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { temporaryFolder } from "@unblock/test/folder";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const html = "<!doctype html><title>unblock</title>";
const script = "console.log('hello')";

interface Reply {
  readonly status: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

async function askByHttp1(url: string, path: string, method = "GET"): Promise<Reply> {
  const call = httpRequest(url, { path, method });
  call.end();
  const [response]: IncomingMessage[] = await once(call, "response");
  if (response === undefined) {
    throw new Error("Expected a response");
  }
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}

async function askByHttp2(url: string, path: string, method = "GET"): Promise<Reply> {
  const session = connect(url);
  try {
    const stream = session.request({ ":method": method, ":path": path });
    const [headers] = await once(stream, "response");
    return { status: headers[":status"], headers, body: await text(stream) };
  } finally {
    session.close();
  }
}

const versions = [
  ["HTTP/1.1", askByHttp1],
  ["HTTP/2", askByHttp2],
] as const;

describe.each(versions)("over %s, the built page", (_, ask) => {
  const parent = temporaryFolder();
  let server: TestServer;
  beforeAll(async () => {
    const pageFolder = join(parent, "dist");
    await mkdir(join(pageFolder, "assets"), { recursive: true });
    await writeFile(join(parent, "secret.txt"), "secret");
    await symlink(join(parent, "secret.txt"), join(pageFolder, "assets", "link.txt"));
    await writeFile(join(pageFolder, "index.html"), html);
    await writeFile(join(pageFolder, "assets", "index-1a2b.js"), script);
    await writeFile(join(pageFolder, "assets", "index-1a2b.css"), "");
    server = await startTestServer({ pageFolder });
    // A file that was added after the start is not served.
    await writeFile(join(pageFolder, "assets", "late.txt"), "late");
  });
  afterAll(async () => {
    await server.close();
  });

  test("is at /, and revalidated each time", async () => {
    for (const path of ["/", "/?theme=dark"]) {
      expect(await ask(server.url, path)).toMatchObject({
        status: 200,
        body: html,
        headers: {
          "content-type": "text/html; charset=utf-8",
          "cache-control": "no-cache",
          "content-length": String(html.length),
        },
      });
    }
  });

  test("has immutable files", async () => {
    expect(await ask(server.url, "/assets/index-1a2b.js")).toMatchObject({
      status: 200,
      body: script,
      headers: {
        "content-type": "text/javascript; charset=utf-8",
        "cache-control": "public, max-age=31536000, immutable",
      },
    });
    const { headers } = await ask(server.url, "/assets/index-1a2b.css");
    expect(headers["content-type"]).toBe("text/css; charset=utf-8");
  });

  test("loads only its own scripts, allows no frames, and sends no referrer", async () => {
    for (const path of ["/", "/assets/index-1a2b.js"]) {
      const { headers } = await ask(server.url, path);
      expect(headers).toMatchObject({
        "content-security-policy":
          "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
          "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
      });
    }
  });

  test("responds to HEAD", async () => {
    const { status, headers, body } = await ask(server.url, "/", "HEAD");
    expect([status, headers["content-length"], body]).toEqual([200, String(html.length), ""]);
  });

  test("rejects POST", async () => {
    const { status, body } = await ask(server.url, "/", "POST");
    expect(status).toBe(404);
    expect(body).toContain("There is no RPC /; there are: ");
  });

  test.each([
    "/assets/../../secret.txt",
    "/assets/%2e%2e/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/assets/..\\..\\secret.txt",
    "//secret.txt",
    "/assets//index-1a2b.js",
    "/assets/",
    "/assets/link.txt",
    "/assets/late.txt",
    "/index.html",
    "/__proto__",
    "/constructor",
  ])("has nothing at %s", async (path) => {
    const { status, body } = await ask(server.url, path);
    expect(status).toBe(404);
    expect(body).toContain("There is no RPC");
    expect(body).not.toContain("secret\n");
  });
});

describe.each(versions)("over %s, a page that is not built", (_, ask) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ pageFolder: join(tmpdir(), "no-page-here") });
  });
  afterAll(() => server.close());

  test("names the command", async () => {
    expect(await ask(server.url, "/")).toMatchObject({
      status: 404,
      body: expect.stringContaining("npm run build"),
      headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" },
    });
  });
});

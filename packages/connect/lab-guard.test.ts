import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { LabService } from "@unblock/proto/gen/lab";
import { type Certificates, createCertificates } from "@unblock/test/certificates";
import { failureOf } from "@unblock/test/failures";
import { runRace, shortRace, startTestLab, type TestLab } from "@unblock/test/lab";
import { callByHttp1, callByHttp2 } from "@unblock/test/wire";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";

const listRuns = "/unblock.v1.LabService/ListRuns";
const getUser = "/unblock.v1.ExercisesService/GetUser";
const token = "a-token-of-a-test";
const versions = [
  ["HTTP/1.1", callByHttp1],
  ["HTTP/2", callByHttp2],
] as const;

describe.each(versions)("over %s a server without a token", (_, call) => {
  let server: TestLab;
  let port: string;
  beforeAll(async () => {
    server = await startTestLab();
    port = new URL(server.url).port;
  });
  afterAll(() => server.close());

  const list = (name: string, headers: Record<string, string> = {}) =>
    call({ url: server.url, path: listRuns, name, headers });

  test.each(["localhost", "127.0.0.1", "[::1]"])("accepts calls as %s", async (host) => {
    const name = `${host}:${port}`;
    expect(await list(name)).toMatchObject({ status: 200 });
    expect(await list(name, { origin: `http://${name}` })).toMatchObject({ status: 200 });
  });

  test.each(["evil.test", "localhost.evil.test", "127.0.0.1.evil.test", "192.168.0.1", "0.0.0.0"])(
    "rejects calls as %s, a name that others can point here",
    async (host) => {
      const { status, body } = await list(`${host}:${port}`);
      expect(status).toBe(403);
      expect(JSON.parse(body)).toMatchObject({
        code: "permission_denied",
        details: [{ debug: { reason: "UNBLOCK_HOST_FORBIDDEN", metadata: { port } } }],
      });
    },
  );

  test("rejects calls at another port", async () => {
    expect(await list("localhost")).toMatchObject({ status: 403 });
    expect(await list(`localhost:${Number(port) - 1}`)).toMatchObject({ status: 403 });
  });

  test.each(["http://evil.test", "null", "http://localhost:1", "http://127.0.0.1", "file://"])(
    "rejects calls of a page of %s",
    async (origin) => {
      const { status, body } = await list(`localhost:${port}`, { origin });
      expect(status).toBe(403);
      expect(JSON.parse(body)).toMatchObject({
        details: [
          {
            debug: {
              reason: "UNBLOCK_ORIGIN_FORBIDDEN",
              metadata: { origin: JSON.stringify(origin) },
            },
          },
        ],
      });
    },
  );

  test("serves its exercises to everybody", async () => {
    const json = '{"user_id":1}';
    const name = "evil.test";
    const headers = { origin: "http://evil.test" };
    const reply = call({ url: server.url, path: getUser, name, headers, json });
    expect(await reply).toMatchObject({ status: 200 });
  });
});

describe("streams", () => {
  let server: TestLab;
  afterEach(() => server.close());

  test("are rejected before a run starts", async () => {
    server = await startTestLab();
    const reply = await callByHttp1({
      url: server.url,
      path: "/unblock.v1.LabService/Race",
      name: "evil.test",
      headers: { "content-type": "application/connect+json" },
      json: envelope('{"exercise":"H","strategies":["parallel"]}'),
    });
    expect(reply.body).toContain("permission_denied");
    expect(reply.body).not.toContain("burst_began");
  });
});

describe("a server with a token", () => {
  let server: TestLab;
  beforeAll(async () => {
    server = await startTestLab({ token, host: "0.0.0.0", logLevel: "debug" });
  });
  afterAll(() => server.close());

  const list = (headers: Record<string, string>, name = "lab.test:8080") =>
    callByHttp1({ url: server.url, path: listRuns, name, headers });
  const bearer = { authorization: `Bearer ${token}` };

  test("accepts calls with the token under any name", async () => {
    expect(await list(bearer)).toMatchObject({ status: 200 });
    expect(await list({ authorization: `bearer ${token}` })).toMatchObject({ status: 200 });
    const ownPage = { ...bearer, origin: "https://lab.test:8080" };
    expect(await list(ownPage)).toMatchObject({ status: 200 });
  });

  test.each([
    ["none", undefined],
    ["another", "Bearer another-token"],
    ["another", `Bearer ${token}x`],
    ["another", `Basic ${token}`],
    ["another", "Bearer "],
    ["another", token],
  ])("rejects calls with %s (%j)", async (what, authorization) => {
    const { status, body } = await list(authorization === undefined ? {} : { authorization });
    expect(status).toBe(401);
    expect(JSON.parse(body)).toMatchObject({
      code: "unauthenticated",
      details: [{ debug: { reason: "UNBLOCK_TOKEN_WRONG", metadata: { got: what } } }],
    });
  });

  test("rejects calls of a page of another origin, with the token or without", async () => {
    expect(await list({ ...bearer, origin: "http://evil.test" })).toMatchObject({ status: 403 });
  });

  test("serves its exercises to everybody, and logs no token", async () => {
    const json = '{"user_id":1}';
    const name = "lab.test";
    expect(await callByHttp1({ url: server.url, path: getUser, name, json })).toMatchObject({
      status: 200,
    });
    await list({ authorization: `Bearer ${token}x` });
    await list(bearer);
    expect(server.logged.length).toBeGreaterThan(0);
    expect(server.logged.join("\n")).not.toContain(token);
  });
});

describe("LabService is unavailable", () => {
  let server: TestLab | undefined;
  afterEach(() => server?.close());

  test("on other addresses than loopback without a token", async () => {
    server = await startTestLab({ host: "0.0.0.0" });
    expect(await failureOf(runRace(server, shortRace))).toMatchObject({
      code: "failed_precondition",
      error: "UNBLOCK_LAB_NOT_SET_UP",
      data: { reason: expect.stringContaining("0.0.0.0") },
    });
  });

  test("with replicas", async () => {
    server = await startTestLab({ replicas: 2 });
    expect(await failureOf(server.lab.listRuns({}))).toMatchObject({
      error: "UNBLOCK_LAB_NOT_SET_UP",
      data: { reason: expect.stringContaining("--replicas") },
    });
  });
});

describe("with TLS", () => {
  let certificates: Certificates;
  let server: TestLab | undefined;
  beforeAll(async () => {
    certificates = await createCertificates();
  });
  afterEach(() => server?.close());

  const lab = (url: string, nodeOptions: object) =>
    createClient(LabService, createGrpcTransport({ baseUrl: url, nodeOptions }));

  test("runs a race over TLS", async () => {
    server = await startTestLab({ tls: certificates.server });
    const client = lab(server.url, { ca: certificates.ca.cert });
    const events = await runRace({ lab: client }, shortRace);
    expect(events.at(-1)?.case).toBe("saved");
  });

  test("rejects runs when clients need certificates", async () => {
    const { server: own, ca } = certificates;
    server = await startTestLab({ tls: { ...own, clientCa: ca.cert } });
    const client = lab(server.url, { ca: ca.cert, ...certificates.client });
    expect(await failureOf(client.listRuns({}))).toMatchObject({
      error: "UNBLOCK_LAB_NOT_SET_UP",
      data: { reason: expect.stringContaining("--tls-client-ca") },
    });
  });
});

/** Returns a message with Connect's envelope. */
function envelope(json: string): string {
  return `\0\0\0\0${String.fromCharCode(json.length)}${json}`;
}

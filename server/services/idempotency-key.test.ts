import { once } from "node:events";
import { request as requestHttp } from "node:http";
import { request as requestHttps } from "node:https";
import { text } from "node:stream/consumers";
import { createUnblockClient } from "@unblock/client/client";
import type { RunStrategy, ServedExercise } from "@unblock/exercises/exercise";
import { exerciseOf } from "@unblock/proto/exercises";
import { createCertificates } from "@unblock/test/certificates";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

describe("the key of a call", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startTestServer({ loadExercises });
  });
  afterAll(() => server.close());

  const keyOf = (headers: Record<string, string>, data = "x", localAddress = "127.0.0.1") =>
    postHash(server.url, { headers, data, localAddress });

  test("is undefined without the header", async () => {
    expect(await keyOf({})).toBe("none");
  });

  test("is the same for the same call, over every protocol", async () => {
    const key = await keyOf({ "idempotency-key": "k" });
    expect(key).toMatch(/^[\w-]{22}\.[\w-]{22}$/);
    expect(await keyOf({ "idempotency-key": "k" })).toBe(key);
    for (const protocol of ["connect", "grpc", "grpc-web"] as const) {
      const client = createUnblockClient({ baseUrl: server.url, protocol });
      const call = { headers: { "idempotency-key": "k" } };
      expect((await client.computeHash({ data: "x", rounds: 0 }, call)).hash).toBe(key);
    }
  });

  test("has another fingerprint and the same scope for another request", async () => {
    const [one, other] = [
      await keyOf({ "idempotency-key": "k" }),
      await keyOf({ "idempotency-key": "k" }, "y"),
    ];
    expect(scopeOf(other)).toBe(scopeOf(one));
    expect(other).not.toBe(one);
  });

  test("has another scope for other credentials, and without any", async () => {
    const keys = await Promise.all([
      keyOf({ "idempotency-key": "k" }),
      keyOf({ "idempotency-key": "k", authorization: "Bearer one" }),
      keyOf({ "idempotency-key": "k", authorization: "Bearer two" }),
      keyOf({ "idempotency-key": "k", authorization: "127.0.0.1" }),
      keyOf({ "idempotency-key": "other" }),
    ]);
    expect(new Set(keys.map(scopeOf)).size).toBe(keys.length);
  });

  test("has the same scope from another address with the same credentials", async () => {
    const header = { "idempotency-key": "k", authorization: "Bearer one" };
    expect(await keyOf(header, "x", "127.0.0.2")).toBe(await keyOf(header));
  });

  test("has another scope for another address, whatever a proxy header has", async () => {
    const key = await keyOf({ "idempotency-key": "k" });
    expect(scopeOf(await keyOf({ "idempotency-key": "k" }, "x", "127.0.0.2"))).not.toBe(
      scopeOf(key),
    );
    const claims = { "x-forwarded-for": "127.0.0.2", forwarded: "for=127.0.0.2" };
    expect(await keyOf({ "idempotency-key": "k", ...claims })).toBe(key);
  });
});

test("identifies a caller with a certificate by its holder", async () => {
  const certificates = await createCertificates();
  const { ca, server: own, client } = certificates;
  const renewed = await createCertificates(ca);
  const server = await startTestServer({
    loadExercises,
    tls: { ...own, clientCa: ca.cert },
  });
  const keyOf = ({ cert, key }: typeof client, localAddress = "127.0.0.1") =>
    postHash(server.url, {
      headers: { "idempotency-key": "k" },
      data: "x",
      localAddress,
      tls: { ca: ca.cert, cert, key },
    });
  const first = await keyOf(client);
  expect(await keyOf(client, "127.0.0.2")).toBe(first);
  // A certificate with another key and serial number, and the same name.
  expect(await keyOf(renewed.client)).toBe(first);
  expect(scopeOf(await keyOf(renewed.server))).not.toBe(scopeOf(first));
  await server.close();
});

/** An exercise that responds with its idempotency key. */
async function loadExercises(): Promise<readonly ServedExercise[]> {
  const exercise = exerciseOf("C");
  const respondKey: RunStrategy<unknown, Record<string, unknown>> = async (
    _request,
    { idempotencyKey: key },
  ) => ({
    value: { hash: key ?? "none", algorithm: "none" },
    ranOn: { executor: "event-loop", pid: process.pid },
    beganMs: 0,
    timing: [],
  });
  const strategies = { [exercise.recommended]: respondKey };
  return [{ exercise, handler: { validate: () => [], strategies } }];
}

function scopeOf(key: string): string {
  return key.split(".")[0] ?? "";
}

interface Post {
  readonly headers: Readonly<Record<string, string>>;
  readonly data: string;
  readonly localAddress: string;
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string };
}

async function postHash(
  baseUrl: string,
  { headers, data, localAddress, tls }: Post,
): Promise<string> {
  const url = new URL("/unblock.v1.ExercisesService/ComputeHash", baseUrl);
  const options = {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    localAddress,
    agent: false as const,
  };
  const request = tls ? requestHttps(url, { ...options, ...tls }) : requestHttp(url, options);
  request.end(JSON.stringify({ data }));
  const [response] = await once(request, "response");
  return JSON.parse(await text(response)).hash;
}

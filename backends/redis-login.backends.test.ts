import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createUnblockClient } from "@unblock/client/client";
import { createCertificates } from "@unblock/test/certificates";
import { runCommand } from "@unblock/test/cli";
import { hasRedis, startRedis, type TestRedis } from "@unblock/test/redis";
import { startServerProcess } from "@unblock/test/server-process";
import { startWorkerProcess } from "@unblock/test/worker-process";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";

/** Contains characters that a URL has to encode. */
const password = "p@ss/w:rd#1";

describe.skipIf(!hasRedis())("a Redis with a password (skipped without redis-server)", () => {
  let folder: string;
  let caFile: string;
  let redis: TestRedis;
  let tls: TestRedis;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "unblock-ca-"));
    caFile = join(folder, "ca.pem");
    const certificates = await createCertificates();
    writeFileSync(caFile, certificates.ca.cert);
    redis = await startRedis({ password });
    tls = await startRedis({ password, certificates });
  });
  afterAll(async () => {
    await redis.close();
    await tls.close();
    rmSync(folder, { recursive: true });
  });

  /** Expects no printed text to contain the password, encoded or not. */
  const expectNoPassword = (...texts: string[]) => {
    for (const text of texts) {
      expect(text).not.toContain(password);
      expect(text).not.toContain(encodeURIComponent(password));
    }
  };

  test.each(["cleartext", "TLS"])("over %s serves the cache, and the queue", async (over) => {
    const { url } = over === "TLS" ? tls : redis;
    // Makes Node trust a private authority.
    const trust = { NODE_EXTRA_CA_CERTS: caFile };
    const server = await startServerProcess([], { ...trust, REDIS_URL: url });
    vi.stubEnv("NODE_EXTRA_CA_CERTS", caFile);
    const worker = await startWorkerProcess(url);
    try {
      const client = createUnblockClient({ baseUrl: server.url });
      expect(await client.getCache({ key: "k" })).toMatchObject({ value: "cached_data" });
      const headers = { "unblock-strategy": "queue" };
      const { hash } = await client.computeHash({ data: "test", rounds: 1 }, { headers });
      expect(hash).toMatch(/^9f86d081884c7d65/);
      expectNoPassword(server.stdout(), server.stderr(), worker.said());
    } finally {
      vi.unstubAllEnvs();
      await worker.kill();
      await server.kill();
    }
  });

  test.each([
    ["a wrong password", () => redis.url.replace(/:[^:]*@/, ":wrong@"), /WRONGPASS/],
    ["a certificate that nobody vouches for", () => tls.url, /certificate/],
  ])("reports %s to callers and in the log", async (_, url, reason) => {
    const server = await startServerProcess([], { REDIS_URL: url() });
    try {
      const client = createUnblockClient({ baseUrl: server.url });
      const headers = { "unblock-strategy": "queue" };
      const event = { event: "page_view", userId: 1 };
      await expect(client.trackEvent(event, { headers })).rejects.toThrow(reason);
      await expect(client.getCache({ key: "k" })).rejects.toThrow('"cache"');
      await vi.waitUntil(() => reason.test(server.stderr()), 10_000);
      expectNoPassword(server.stdout(), server.stderr());
    } finally {
      await server.kill();
    }
  });

  test.each(["redis:/x", "http://u:secret@host", "secret", "redis://:secret@host/database"])(
    "the URL %s is rejected by server and worker, without its password",
    async (url) => {
      for (const program of ["server/main.ts", "worker/main.ts"]) {
        const args = [program, "--redis-url", url];
        const { code, stdout, stderr } = await runCommand(process.execPath, args);
        expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
        expect(stderr).toContain("redisUrl");
        expect(stderr).not.toContain("secret");
      }
    },
  );
});

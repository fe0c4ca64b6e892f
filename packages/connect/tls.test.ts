import { request } from "node:https";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import { VitalsService } from "@unblock/proto/gen/vitals";
import { type Certificates, createCertificates } from "@unblock/test/certificates";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

describe("a server with TLS and client certificates", () => {
  let certificates: Certificates;
  let server: TestServer;
  beforeAll(async () => {
    certificates = await createCertificates();
    const { server: own, ca } = certificates;
    server = await startTestServer({ tls: { ...own, clientCa: ca.cert } });
  });
  afterAll(() => server.close());

  const grpc = (nodeOptions: object) =>
    createClient(
      VitalsService,
      createGrpcTransport({
        baseUrl: server.url,
        idleConnectionTimeoutMs: 100,
        nodeOptions: { ca: certificates.ca.cert, ...nodeOptions },
      }),
    );

  /** Returns HTTP version and status of a response. */
  const http1 = () =>
    new Promise<string>((resolve, reject) => {
      const call = request(
        `${server.url}/unblock.v1.VitalsService/Ping`,
        {
          method: "POST",
          headers: { "content-type": "application/json" },
          ca: certificates.ca.cert,
          ...certificates.client,
        },
        (response) => {
          response.resume();
          resolve(`${response.httpVersion} ${response.statusCode}`);
        },
      );
      call.on("error", reject);
      call.end("{}");
    });

  test("negotiates HTTP/2 or HTTP/1.1", async () => {
    expect(server.url).toMatch(/^https:/);
    expect(await grpc(certificates.client).ping({})).toMatchObject({});
    expect(await http1()).toBe("1.1 200");
  });

  test("rejects clients without a certificate, or with one of another authority", async () => {
    await expect(grpc({}).ping({})).rejects.toThrow();
    const { client: stranger } = await createCertificates();
    await expect(grpc(stranger).ping({})).rejects.toThrow();
    // Other clients are still served.
    expect(await http1()).toBe("1.1 200");
  });

  test("sends nothing in cleartext", async () => {
    await expect(fetch(server.url.replace("https:", "http:"))).rejects.toThrow();
  });
});

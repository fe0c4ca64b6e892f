import { createSecureServer, type SecureServerOptions } from "node:http2";
import { createServer as createHttpsServer } from "node:https";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { type Certificates, createCertificates } from "@unblock/test/certificates";
import { listen, type TestEndpoint } from "@unblock/test/listen";
import { beforeAll, expect, test } from "vitest";
import { echo, open, send, serve } from "../testing/client.ts";
import { closeLater } from "../testing/close-later.ts";

let certificates: Certificates;
beforeAll(async () => {
  certificates = await createCertificates();
});

async function serveTls(options: SecureServerOptions = {}): Promise<TestEndpoint> {
  const server = createSecureServer({ ...certificates.server, ...options }, (request, response) => {
    const { socket } = request.stream.session ?? {};
    response.setHeader("x-scheme", request.headers[":scheme"] ?? "");
    response.setHeader("x-authority", request.headers[":authority"] ?? "");
    response.setHeader("x-name", String((socket as TLSSocket | undefined)?.servername));
    response.end("hello");
  });
  server.on("sessionError", () => {});
  const endpoint = await listen(server, { scheme: "https" });
  closeLater(() => endpoint.close());
  return endpoint;
}

test("checks the certificate for the given server name", async () => {
  const server = await serveTls();
  const ca = certificates.ca.cert;
  const call = send(open(server.url, 1, { insecure: false, ca, serverName: "localhost" }));
  await call.ended;
  expect(call.events).toEqual(["head 200", "end"]);
  expect(call.body.toString()).toBe("hello");
  expect(call.header?.get("x-scheme")).toBe("https");
  expect(call.header?.get("x-authority")).toBe(`127.0.0.1:${server.port}`);
  expect(call.header?.get("x-name")).toBe("localhost");
});

test("presents a client certificate", async () => {
  const server = await serveTls({
    ca: certificates.ca.cert,
    requestCert: true,
    rejectUnauthorized: true,
  });
  const ca = certificates.ca.cert;
  const known = send(open(server.url, 1, { insecure: false, ca, ...certificates.client }));
  await known.ended;
  expect(known.events).toEqual(["head 200", "end"]);
  const stranger = open(server.url, 1, { insecure: false, ca });
  await expect(stranger.connect()).rejects.toThrow(server.url);
});

test("rejects an untrusted certificate, and accepts any when insecure", async () => {
  const server = await serveTls();
  await expect(open(server.url).connect()).rejects.toThrow("UNABLE_TO_VERIFY_LEAF_SIGNATURE");
  const ca = certificates.ca.cert;
  const other = open(server.url, 1, { insecure: false, ca, serverName: "example.com" });
  await expect(other.connect()).rejects.toThrow("example.com");
  const insecure = send(open(server.url, 1, { insecure: true }));
  await insecure.ended;
  expect(insecure.events).toEqual(["head 200", "end"]);
});

test("fails connect when the server has no HTTP/2 over TLS", async () => {
  const https = await listen(createHttpsServer(certificates.server), { scheme: "https" });
  closeLater(() => https.close());
  await expect(open(https.url, 1, { insecure: true }).connect()).rejects.toThrow(
    "NO_APPLICATION_PROTOCOL",
  );
  const plain = await listen(createTlsServer(certificates.server), { scheme: "https" });
  closeLater(() => plain.close());
  await expect(open(plain.url, 1, { insecure: true }).connect()).rejects.toThrow("--http 1.1");
});

test("fails connect when the server has no TLS", async () => {
  const server = await serve(echo);
  const url = server.url.replace("http:", "https:");
  await expect(open(url).connect()).rejects.toThrow(url);
});

test("connects to an IPv6 address", async ({ skip }) => {
  const server = createSecureServer(certificates.server, (request, response) => {
    response.setHeader("x-authority", request.headers[":authority"] ?? "");
    response.end();
  });
  const { promise, resolve } = Promise.withResolvers<boolean>();
  server.once("error", () => resolve(false));
  server.listen(0, "::1", () => resolve(true));
  closeLater(() => server.close());
  if (!(await promise)) {
    skip("no IPv6 here");
  }
  const address = server.address();
  const host = `[::1]:${typeof address === "object" ? address?.port : ""}`;
  const call = send(open(`https://${host}`, 1, { insecure: true }));
  await call.ended;
  expect(call.header?.get("x-authority")).toBe(host);
});

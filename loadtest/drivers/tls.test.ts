import type { TlsOptions } from "@unblock/http2/client";
import { callOnce } from "@unblock/test/call-driver";
import { type Certificates, createCertificates } from "@unblock/test/certificates";
import { serveConnect } from "@unblock/test/echo-connect-server";
import type { TestEndpoint } from "@unblock/test/listen";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDriver } from "./create-driver.ts";

let certificates: Certificates;
let strangers: Certificates;
beforeAll(async () => {
  [certificates, strangers] = await Promise.all([createCertificates(), createCertificates()]);
});

test("invalid certificates and keys are rejected before a connection", () => {
  const create = (tls: Omit<TlsOptions, "insecure">) => () =>
    createDriver({
      baseUrl: "https://127.0.0.1:9",
      protocol: "grpc",
      tls: { ...tls, insecure: false },
    });
  const { cert, key } = certificates.client;
  expect(create({ cert, key, ca: certificates.ca.cert })).not.toThrow();
  expect(create({ ca: "none" })).toThrow(/authority/);
  expect(create({ cert: "none", key })).toThrow(/client certificate/);
  expect(create({ cert, key: "none" })).toThrow(/client key/);
  expect(create({ cert, key: strangers.client.key })).toThrow(/another key/);
});

describe.each([
  { protocol: "grpc", httpVersion: "2", hint: "CERTIFICATE_REQUIRED" },
  { protocol: "connect", httpVersion: "1.1", hint: "--cert, --key" },
] as const)("$protocol over HTTP/$httpVersion with TLS", ({ hint, ...combination }) => {
  let open: TestEndpoint;
  let mutual: TestEndpoint;
  beforeAll(async () => {
    open = await serveConnect(combination.httpVersion, certificates);
    mutual = await serveConnect(combination.httpVersion, certificates, true);
  });
  afterAll(() => Promise.all([open.close(), mutual.close()]));

  /** @returns code and message of a call, or the error of the connection */
  async function call({ url }: TestEndpoint, tls: TlsOptions): Promise<string> {
    const driver = createDriver({ ...combination, baseUrl: url, tls });
    try {
      await driver.connect();
      const { code, message } = await callOnce(driver);
      return `${code} ${message}`.trim();
    } catch (error) {
      return String(error);
    } finally {
      driver.close();
    }
  }

  test("accepts a server with a trusted authority", async () => {
    expect(await call(open, { ca: certificates.ca.cert, insecure: false })).toBe("ok");
  });

  test("accepts a server by its name", async () => {
    const byName = { ...open, url: open.url.replace("127.0.0.1", "localhost") };
    expect(await call(byName, { ca: certificates.ca.cert, insecure: false })).toBe("ok");
    const named = { ca: certificates.ca.cert, serverName: "localhost", insecure: false };
    expect(await call(open, named)).toBe("ok");
  });

  test("rejects a server with an unknown authority", async () => {
    const withoutCa = await call(open, { insecure: false });
    expect(withoutCa).toContain("SELF_SIGNED_CERT_IN_CHAIN");
    const withOtherCa = await call(open, { ca: strangers.ca.cert, insecure: false });
    expect(withOtherCa).toContain("CERT_SIGNATURE_FAILURE");
  });

  test("rejects a server with another name", async () => {
    const tls = { ca: certificates.ca.cert, serverName: "elsewhere.example", insecure: false };
    expect(await call(open, tls)).toContain("elsewhere.example");
  });

  test("accepts any server when insecure", async () => {
    expect(await call(open, { insecure: true })).toBe("ok");
    const anyName = { serverName: "elsewhere.example", insecure: true };
    expect(await call(open, anyName)).toBe("ok");
  });

  test("presents a client certificate", async () => {
    const tls = { ca: certificates.ca.cert, ...certificates.client, insecure: false };
    expect(await call(mutual, tls)).toBe("ok");
  });

  test("reports a missing or unknown client certificate", async () => {
    const nobody = await call(mutual, { ca: certificates.ca.cert, insecure: false });
    expect(nobody).toContain(hint);
    const stranger = { ca: certificates.ca.cert, ...strangers.client, insecure: false };
    expect(await call(mutual, stranger)).toMatch(/closed the connection/);
  });

  test("reports a server without TLS", async () => {
    const plain = await serveConnect(combination.httpVersion);
    const asTls = { ...plain, url: plain.url.replace("http:", "https:") };
    try {
      expect(await call(asTls, { insecure: true })).toMatch(
        /ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG)/,
      );
    } finally {
      await plain.close();
    }
  });
});

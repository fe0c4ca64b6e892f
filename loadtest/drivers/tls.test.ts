import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callOnce } from "../../testing/call-driver.ts";
import { type Certificates, createCertificates } from "../../testing/certificates.ts";
import { serveConnect } from "../../testing/echo-connect-server.ts";
import type { TestEndpoint } from "../../testing/listen.ts";
import type { TlsOptions } from "../transport/transport.ts";
import { createDriver } from "./create-driver.ts";

let certificates: Certificates;
let strangers: Certificates;
beforeAll(async () => {
  [certificates, strangers] = await Promise.all([createCertificates(), createCertificates()]);
});

test("certificates and keys that are none are refused before there is a connection", () => {
  const create = (tls: Omit<TlsOptions, "insecure">) => () =>
    createDriver({
      baseUrl: "https://127.0.0.1:9",
      protocol: "grpc",
      tls: { ...tls, insecure: false },
    });
  const { cert, key } = certificates.client;
  expect(create({ cert, key, ca: certificates.ca.cert })).not.toThrow();
  expect(create({ ca: "none" })).toThrow(
    /^Expected the authority's certificate as PEM text, got something else \(.+\)$/,
  );
  expect(create({ cert: "none", key })).toThrow(
    /^Expected the client's certificate as PEM text, got something else \(.+\)$/,
  );
  expect(create({ cert, key: "none" })).toThrow(
    /^Expected the client's key as PEM text, got something else \(.+\)$/,
  );
  expect(create({ cert, key: strangers.client.key })).toThrow(
    "Expected the client's key to be its certificate's, got the key of another",
  );
});

describe.each([
  { protocol: "grpc", httpVersion: "2", refusal: "CERTIFICATE_REQUIRED" },
  {
    protocol: "connect",
    httpVersion: "1.1",
    refusal:
      "The server closed the connection before it answered; does it ask for a client's certificate (--cert, --key)?",
  },
] as const)("$protocol over HTTP/$httpVersion with TLS", ({ refusal, ...combination }) => {
  let open: TestEndpoint;
  let mutual: TestEndpoint;
  beforeAll(async () => {
    open = await serveConnect(combination.httpVersion, certificates);
    mutual = await serveConnect(combination.httpVersion, certificates, true);
  });
  afterAll(() => Promise.all([open.close(), mutual.close()]));

  /** @returns the code and message of a call, or why there was no connection */
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

  test("a server is trusted whose authority is known", async () => {
    expect(await call(open, { ca: certificates.ca.cert, insecure: false })).toBe("ok");
  });

  test("a server is reached by its name", async () => {
    const byName = { ...open, url: open.url.replace("127.0.0.1", "localhost") };
    expect(await call(byName, { ca: certificates.ca.cert, insecure: false })).toBe("ok");
    const named = { ca: certificates.ca.cert, serverName: "localhost", insecure: false };
    expect(await call(open, named)).toBe("ok");
  });

  test("a server is not trusted whose authority is not known", async () => {
    const failures = [
      await call(open, { insecure: false }),
      await call(open, { ca: strangers.ca.cert, insecure: false }),
    ];
    for (const failure of failures) {
      expect(failure).toContain(
        `No connection to ${open.url}: the server's certificate is from an authority not trusted here`,
      );
    }
  });

  test("a server is not trusted under another name", async () => {
    const tls = { ca: certificates.ca.cert, serverName: "elsewhere.example", insecure: false };
    expect(await call(open, tls)).toContain("elsewhere.example");
  });

  test("any server is trusted when that is asked for", async () => {
    expect(await call(open, { insecure: true })).toBe("ok");
    const anyName = { serverName: "elsewhere.example", insecure: true };
    expect(await call(open, anyName)).toBe("ok");
  });

  test("a client is known by its certificate", async () => {
    const tls = { ca: certificates.ca.cert, ...certificates.client, insecure: false };
    expect(await call(mutual, tls)).toBe("ok");
  });

  test("a client without a certificate is turned away, and so is a stranger", async () => {
    const nobody = await call(mutual, { ca: certificates.ca.cert, insecure: false });
    expect(nobody).toContain(refusal);
    const stranger = { ca: certificates.ca.cert, ...strangers.client, insecure: false };
    expect(await call(mutual, stranger)).toMatch(/closed the connection( before it answered)?$/);
  });

  test("a server without TLS is told from one with it", async () => {
    const plain = await serveConnect(combination.httpVersion);
    const asTls = { ...plain, url: plain.url.replace("http:", "https:") };
    try {
      expect(await call(asTls, { insecure: true })).toContain(
        `No connection to ${asTls.url}: the server does not speak TLS; is it an http:// address?`,
      );
    } finally {
      await plain.close();
    }
  });
});

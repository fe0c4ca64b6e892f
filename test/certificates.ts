import { generate } from "selfsigned";

/** Certificate and key as PEM text. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Certificates for tests of TLS, generated because stored ones expire. */
export interface Certificates {
  /** The authority that signed the others. */
  readonly ca: Certificate;
  /** For the names localhost and 127.0.0.1. */
  readonly server: Certificate;
  readonly client: Certificate;
}

/** @param authority authority that signs; by default a new one */
export async function createCertificates(authority?: Certificate): Promise<Certificates> {
  const ca =
    authority ??
    (await certify("Test authority", [
      { name: "basicConstraints", cA: true, critical: true },
      { name: "keyUsage", keyCertSign: true, cRLSign: true, critical: true },
    ]));
  const [server, client] = await Promise.all([
    certify("localhost", serverNames, ca),
    certify("Test client", [{ name: "extKeyUsage", clientAuth: true }], ca),
  ]);
  return { ca, server, client };
}

type Extensions = NonNullable<NonNullable<Parameters<typeof generate>[1]>["extensions"]>;

const serverNames: Extensions = [
  {
    name: "subjectAltName",
    altNames: [
      { type: 2, value: "localhost" },
      { type: 7, ip: "127.0.0.1" },
    ],
  },
];

async function certify(
  commonName: string,
  extensions: Extensions,
  ca?: Certificate,
): Promise<Certificate> {
  const made = await generate([{ name: "commonName", value: commonName }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions,
    ...(ca === undefined ? {} : { ca }),
  });
  return { cert: made.cert, key: made.private };
}

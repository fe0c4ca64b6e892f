/** A new certificate for 127.0.0.1, signed by itself. Certificate and key are PEM text. */
export async function createCertificate(): Promise<{ cert: string; key: string }> {
  // Servers without TLS should not hold the memory of this package.
  const { generate } = await import("selfsigned");
  const made = await generate([{ name: "commonName", value: "localhost" }], {
    keyType: "ec",
    algorithm: "sha256",
  });
  return { cert: made.cert, key: made.private };
}

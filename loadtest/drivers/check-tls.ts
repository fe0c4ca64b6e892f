import { createPrivateKey, X509Certificate } from "node:crypto";
import type { TlsOptions } from "../transport/transport.ts";

/**
 * Checks what a handshake would fail on with words that few understand, or pass over in silence.
 *
 * @throws Error that says which of the texts is not what it should be
 */
export function checkTls({ ca, cert, key }: TlsOptions): void {
  if (ca !== undefined) {
    parse("the authority's certificate", ca, (pem) => new X509Certificate(pem));
  }
  if (cert !== undefined && key !== undefined) {
    const certificate = parse("the client's certificate", cert, (pem) => new X509Certificate(pem));
    const privateKey = parse("the client's key", key, (pem) => createPrivateKey(pem));
    if (!certificate.checkPrivateKey(privateKey)) {
      throw new Error("Expected the client's key to be its certificate's, got the key of another");
    }
  }
}

function parse<Parsed>(what: string, pem: string, parsePem: (pem: string) => Parsed): Parsed {
  try {
    return parsePem(pem);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Expected ${what} as PEM text, got something else (${reason})`);
  }
}

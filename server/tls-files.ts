import { readFileSync } from "node:fs";
import { createSecureContext } from "node:tls";
import type { TlsConfig } from "./rpc/listener/listener.ts";

export interface TlsFlags {
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly tlsClientCa?: string;
}

/**
 * Reads the files that the TLS flags name.
 *
 * @returns undefined without them: cleartext
 * @throws Error that says which file or flag is not as it should be
 */
export function readTlsFiles({ tlsCert, tlsKey, tlsClientCa }: TlsFlags): TlsConfig | undefined {
  if (tlsCert === undefined || tlsKey === undefined) {
    if (tlsCert !== undefined || tlsKey !== undefined || tlsClientCa !== undefined) {
      throw new Error("Expected --tls-cert and --tls-key together; --tls-client-ca needs both.");
    }
    return undefined;
  }
  const config = {
    cert: read("--tls-cert", tlsCert),
    key: read("--tls-key", tlsKey),
    ...(tlsClientCa === undefined ? {} : { clientCa: read("--tls-client-ca", tlsClientCa) }),
  };
  try {
    createSecureContext({ cert: config.cert, key: config.key, ca: config.clientCa });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Expected certificates and a key that belong together, as PEM (${reason}).`);
  }
  return config;
}

function read(flag: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : error;
    throw new Error(`Could not read ${flag} ${path} (${code}).`);
  }
}

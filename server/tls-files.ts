import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import type { TlsConfig } from "./rpc/listener/listener.ts";

/** Interval between looks at the files, in milliseconds. */
const pollMs = 2_000;

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
export async function readTlsFiles(flags: TlsFlags): Promise<TlsConfig | undefined> {
  const { tlsCert, tlsKey, tlsClientCa } = flags;
  if (tlsCert === undefined || tlsKey === undefined) {
    if (tlsCert !== undefined || tlsKey !== undefined || tlsClientCa !== undefined) {
      throw new Error("Expected --tls-cert and --tls-key together; --tls-client-ca needs both.");
    }
    return undefined;
  }
  const config = {
    cert: await read("--tls-cert", tlsCert),
    key: await read("--tls-key", tlsKey),
    ...(tlsClientCa === undefined ? {} : { clientCa: await read("--tls-client-ca", tlsClientCa) }),
  };
  try {
    createSecureContext({ cert: config.cert, key: config.key, ca: config.clientCa });
    for (const certificate of [config.cert, config.clientCa]) {
      // With an empty file the callers' authority would be any that the system trusts.
      if (certificate !== undefined) {
        new X509Certificate(certificate);
      }
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`Expected certificates and a key that belong together, as PEM (${reason}).`);
  }
  return config;
}

/**
 * Reads the files again every two seconds and at SIGHUP. Contents are compared, so it does not matter how a
 * file is replaced: written, renamed, or behind links, as Kubernetes does it. What is no good is logged once,
 * and the certificate stays.
 *
 * @param last what the files had
 * @param onChange gets what they have now
 */
export function watchTlsFiles(
  flags: TlsFlags,
  last: TlsConfig,
  onChange: (config: TlsConfig) => void,
  log: (message: string) => void,
): void {
  let seen = JSON.stringify(last);
  let reading: Promise<void> | undefined;
  const reload = async () => {
    const outcome = await readTlsFiles(flags).catch((error: Error) => error);
    const now = outcome instanceof Error ? outcome.message : JSON.stringify(outcome);
    if (now === seen || outcome === undefined) {
      return;
    }
    seen = now;
    if (outcome instanceof Error) {
      log(`The TLS files changed, and the old ones stay in use: ${outcome.message}`);
      return;
    }
    onChange(outcome);
    const { serialNumber, validTo } = new X509Certificate(outcome.cert);
    log(`New connections get the certificate ${serialNumber}, valid to ${validTo}.`);
  };
  const reloadAlone = () => {
    reading ??= reload().finally(() => {
      reading = undefined;
    });
  };
  setInterval(reloadAlone, pollMs).unref();
  process.on("SIGHUP", () => {
    // What is read at the moment may be what was there before.
    void (reading ?? Promise.resolve()).then(reloadAlone);
  });
}

async function read(flag: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : error;
    throw new Error(`Could not read ${flag} ${path} (${code}).`);
  }
}

import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import type { TlsConfig } from "@unblock/connect/listener/listener";
import { reasonOf } from "@unblock/errors/failure";

const pollMs = 2_000;

export interface TlsFlags {
  readonly tlsCert?: string | undefined;
  readonly tlsKey?: string | undefined;
  readonly tlsClientCa?: string | undefined;
}

/**
 * Reads the files of the TLS flags.
 *
 * @returns undefined without the flags: cleartext
 * @throws Error that names the wrong file or flag
 */
export async function readTlsFiles(flags: TlsFlags): Promise<TlsConfig | undefined> {
  const { tlsCert, tlsKey, tlsClientCa } = flags;
  if (tlsCert === undefined || tlsKey === undefined) {
    if (tlsCert !== undefined || tlsKey !== undefined || tlsClientCa !== undefined) {
      throw new Error("Expected --tls-cert and --tls-key together; --tls-client-ca needs both.");
    }
    return undefined;
  }
  const cert = await read("--tls-cert", tlsCert);
  const key = await read("--tls-key", tlsKey);
  const clientCa = tlsClientCa && (await read("--tls-client-ca", tlsClientCa));
  try {
    createSecureContext({ cert, key, ca: clientCa });
    // With an empty file, the system's authorities would be trusted.
    for (const certificate of clientCa === undefined ? [cert] : [cert, clientCa]) {
      new X509Certificate(certificate);
    }
  } catch (error) {
    throw new Error(
      `Expected certificates and a key that belong together, as PEM (${reasonOf(error)}).`,
    );
  }
  return { cert, key, ...(clientCa !== undefined && { clientCa }) };
}

/**
 * Polls the files every two seconds and at SIGHUP. Contents are compared, so it does not matter
 * whether a file is written, renamed or behind a symlink, as in Kubernetes. An invalid file is
 * logged once, and the old certificate stays.
 *
 * @param last current contents
 * @param onChange receives the new contents
 */
export function watchTlsFiles(
  flags: TlsFlags,
  last: TlsConfig,
  onChange: (config: TlsConfig) => void,
  log: (message: string) => void,
): void {
  let seen = JSON.stringify(last);
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
  // One after another: the read in progress may have started before the change.
  let reading = Promise.resolve();
  const reloadNext = () => {
    reading = reading.then(reload);
  };
  setInterval(reloadNext, pollMs).unref();
  process.on("SIGHUP", reloadNext);
}

async function read(flag: string, path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : error;
    throw new Error(`Could not read ${flag} ${path} (${code}).`);
  }
}

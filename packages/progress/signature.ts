import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from "node:crypto";
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A value with the Ed25519 signature of its canonical JSON, in base64. */
export interface Signed<Value> {
  readonly statement: Value;
  readonly signature: string;
}

/**
 * Returns the signing key in `key.pem` of the learner's folder, and creates it when it is missing. Only its
 * owner can read the file.
 */
export function openKey(yours: string): KeyObject {
  const path = join(yours, "key.pem");
  if (!existsSync(path)) {
    mkdirSync(yours, { recursive: true });
    const draft = `${path}.${process.pid}`;
    const { privateKey } = generateKeyPairSync("ed25519");
    writeFileSync(draft, privateKey.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    try {
      // Fails when another process has just created the key; then that one is used.
      linkSync(draft, path);
    } catch (error) {
      if (!existsSync(path)) {
        throw error;
      }
    } finally {
      rmSync(draft);
    }
  }
  return createPrivateKey(readFileSync(path));
}

/** The public key of a private one, as base64 of its DER encoding. */
export function publicKeyOf(key: KeyObject): string {
  return createPublicKey(key).export({ type: "spki", format: "der" }).toString("base64");
}

/** First 16 hexadecimal digits of a public key's SHA-256, in groups of four. */
export function fingerprintOf(publicKey: string): string {
  const digest = createHash("sha256").update(Buffer.from(publicKey, "base64")).digest("hex");
  return digest.slice(0, 16).replaceAll(/....(?=.)/g, "$& ");
}

export function signStatement<Value>(statement: Value, key: KeyObject): Signed<Value> {
  const signature = sign(null, Buffer.from(canonical(statement)), key).toString("base64");
  return { statement, signature };
}

/** @param publicKey from {@link publicKeyOf}; any other text verifies nothing */
export function isSignedBy({ statement, signature }: Signed<unknown>, publicKey: string): boolean {
  try {
    const key = createPublicKey({
      key: Buffer.from(publicKey, "base64"),
      type: "spki",
      format: "der",
    });
    return (
      key.asymmetricKeyType === "ed25519" &&
      verify(null, Buffer.from(canonical(statement)), key, Buffer.from(signature, "base64"))
    );
  } catch {
    return false;
  }
}

/** JSON with sorted fields, so that equal values have equal bytes. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, one: unknown) =>
    typeof one === "object" && one !== null && !Array.isArray(one)
      ? Object.fromEntries(Object.entries(one).sort(([a], [b]) => (a < b ? -1 : 1)))
      : one,
  );
}

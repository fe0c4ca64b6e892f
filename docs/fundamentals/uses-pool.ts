/**
 * Prints whether a call uses libuv's pool: the pool's only thread is busy, and the call named by
 * the argument ends before it or not. Start it with UV_THREADPOOL_SIZE=1.
 */
import {
  argon2,
  generateKeyPair,
  generateKeyPairSync,
  hkdf,
  pbkdf2,
  randomBytes,
  scrypt,
  sign,
  subtle,
} from "node:crypto";
import { lookup, resolve4 } from "node:dns";
import { rmSync, stat, watch, watchFile, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompress, gzip, zstdCompress } from "node:zlib";

const bytes = Buffer.from("some bytes");
const file = join(tmpdir(), `uses-pool-${process.pid}`);
const calls: Readonly<Record<string, (done: () => void) => void>> = {
  "fs.stat": (done) => stat(".", done),
  "fs.watchFile": (done) => {
    // Calls back at once, because the file does not exist.
    watchFile(file, done);
  },
  "fs.watch": (done) => {
    watch(tmpdir(), done).unref();
    writeFileSync(file, "");
  },
  "dns.lookup": (done) => lookup("localhost", done),
  "dns.resolve": (done) => resolve4("localhost", done),
  pbkdf2: (done) => pbkdf2("a", "b", 1, 32, "sha256", done),
  scrypt: (done) => scrypt("a", "b", 32, { N: 2 }, done),
  argon2: (done) =>
    argon2(
      "argon2id",
      {
        message: "a",
        nonce: Buffer.alloc(16),
        parallelism: 1,
        tagLength: 32,
        memory: 64,
        passes: 1,
      },
      done,
    ),
  hkdf: (done) => hkdf("sha256", "a", "b", "c", 8, done),
  randomBytes: (done) => randomBytes(8, done),
  generateKeyPair: (done) => generateKeyPair("ed25519", undefined, done),
  sign: (done) => sign(null, bytes, generateKeyPairSync("ed25519").privateKey, done),
  "crypto.subtle": (done) => void subtle.digest("SHA-256", bytes).then(done),
  gzip: (done) => gzip(bytes, done),
  brotliCompress: (done) => brotliCompress(bytes, done),
  zstdCompress: (done) => zstdCompress(bytes, done),
  setTimeout: (done) => void setTimeout(done, 1),
};

const [, , name = ""] = process.argv;
pbkdf2("a", "b", 2_000_000, 32, "sha512", () => end("in the pool"));
calls[name]?.(() => end("not in the pool"));

function end(where: string): never {
  rmSync(file, { force: true });
  process.stdout.write(where);
  process.exit();
}

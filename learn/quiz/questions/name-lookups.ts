import { pbkdf2 } from "node:crypto";
import { Resolver } from "node:dns/promises";
import { promisify } from "node:util";
import { type Impact, measureImpact, openPool } from "../measuring.ts";
import { type Definition, maxAtOnceColumn, milliseconds } from "../question.ts";
import { startSlowServer } from "../slow-servers.ts";
import { lookUpMany, passwordRounds, work } from "../work.ts";

const hash = promisify(pbkdf2);

export const nameLookups: Definition = {
  id: "name-lookups",
  figure: 200,
  vary: (random) => 20 * random(4, 12),
  title: (names) => `${names} lookups at once; where it says so, beside 8 hashes in libuv's pool`,
  columns: () => [milliseconds("all resolved", "wallMs"), maxAtOnceColumn],
  ways: {
    "lookup of localhost": (names) => measureImpact(() => lookUpMany(names)),
    "the same, beside hashes": (names) => measureBesideHashes(() => lookUpMany(names)),
    "the same, in a worker": async (names) => {
      await using pool = await openPool(1);
      return await measureBesideHashes(() => pool.run(work.lookUpMany, names));
    },
    "resolve4 beside hashes": async (names) => {
      await using server = await startSlowServer("names");
      const resolver = new Resolver({ timeout: 5_000, tries: 1 });
      resolver.setServers([`127.0.0.1:${server.port}`]);
      const hosts = Array.from({ length: names }, (_, number) => `host-${number}.test`);
      const impact = await measureBesideHashes(() =>
        Promise.all(hosts.map((host) => resolver.resolve4(host))),
      );
      return { ...impact, maxAtOnce: server.maxAtOnce() };
    },
  },
};

/** Measures lookups while hashes keep all threads of libuv's pool busy. */
async function measureBesideHashes(lookUp: () => Promise<unknown>): Promise<Impact> {
  let hashed: Promise<unknown> = Promise.resolve();
  const impact = await measureImpact(() => {
    hashed = Promise.all(
      Array.from({ length: 8 }, () => hash("password", "salt", passwordRounds, 32, "sha512")),
    );
    return lookUp();
  });
  await hashed;
  return impact;
}

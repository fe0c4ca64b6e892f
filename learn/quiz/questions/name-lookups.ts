import { pbkdf2 } from "node:crypto";
import { Resolver } from "node:dns/promises";
import { promisify } from "node:util";
import { type Figures, measureImpact, measureWay, openPool } from "../measuring.ts";
import { createQuestion, maxAtOnceColumn, milliseconds } from "../question.ts";
import { startSlowServer } from "../slow-servers.ts";
import { lookUpMany, passwordRounds, work } from "../work.ts";

export const nameLookups = createQuestion(import.meta.url, {
  figure: 200,
  vary: (random) => 20 * random(4, 12),
  measurement: (names) => ({
    title: `${names} lookups at once; where it says so, beside 8 hashes in libuv's pool`,
    figure: names,
    ways: [
      { name: "lookup of localhost", argument: "lookup" },
      { name: "the same, beside hashes", argument: "lookup-beside-hashes" },
      { name: "the same, in a worker", argument: "lookup-in-a-worker" },
      { name: "resolve4 beside hashes", argument: "resolve" },
    ],
    columns: [milliseconds("all resolved", "wallMs"), maxAtOnceColumn],
  }),
});

/** Measures lookups while hashes keep all threads of libuv's pool busy. */
async function measureBesideHashes(lookUp: () => Promise<unknown>): Promise<Figures> {
  const hash = promisify(pbkdf2);
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

if (import.meta.main) {
  await measureWay({
    lookup: (names) => measureImpact(() => lookUpMany(names)),
    "lookup-beside-hashes": (names) => measureBesideHashes(() => lookUpMany(names)),
    "lookup-in-a-worker": async (names) => {
      await using pool = await openPool(1);
      return await measureBesideHashes(() => pool.run(work.lookUpMany, names));
    },
    resolve: async (names) => {
      await using server = await startSlowServer("names");
      const resolver = new Resolver({ timeout: 5_000, tries: 1 });
      resolver.setServers([`127.0.0.1:${server.port}`]);
      const impact = await measureBesideHashes(() =>
        Promise.all(
          Array.from({ length: names }, (_, number) => resolver.resolve4(`host-${number}.test`)),
        ),
      );
      return { ...impact, maxAtOnce: await server.maxAtOnce() };
    },
  });
}

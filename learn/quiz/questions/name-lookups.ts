import { pbkdf2 } from "node:crypto";
import { Resolver } from "node:dns/promises";
import { promisify } from "node:util";
import { type Figures, measureImpact, measureWay, openPool } from "../measuring.ts";
import {
  maxAtOnceColumn,
  milliseconds,
  type Question,
  recommended,
  works,
  wrong,
} from "../question.ts";
import { startSlowServer } from "../slow-servers.ts";
import { lookUpMany, passwordRounds, work } from "../work.ts";

export const nameLookups: Question = withNames(200);

function withNames(names: number): Question {
  return {
    id: "name-lookups",
    title: "A storm of DNS lookups",
    scenario:
      `Your service calls web hooks: ${names} different hosts at once, and each name has to be resolved ` +
      "first. The name server takes 50 ms. By default fetch and net.connect use dns.lookup, which asks " +
      "the operating system (getaddrinfo). How should the names be resolved?",
    answers: {
      "event-loop": wrong(
        "Node has no synchronous lookup, and one would hold the event loop for 50 ms per name.",
      ),
      async: recommended(
        "dns.resolve4 asks the name server itself, over a socket: all names wait at once and need no thread. Give your client a `lookup` function that uses it.",
      ),
      libuv: works(
        "dns.lookup works if you enlarge the pool: each lookup holds a thread, and lookups together get at most half of the pool.",
      ),
      threads: wrong(
        "dns.lookup in a worker thread uses the same pool: a process has one for all of its threads.",
      ),
      workers: wrong("Nothing computes here, and dns.lookup in a worker uses the same libuv pool."),
      processes: works(
        `A process has a pool of its own, so the storm delays nobody here. It still has few threads for ${names} names.`,
      ),
      queue: works(
        "Right when nobody waits for the calls: others make them later and spread out. The lookups still have to be done there.",
      ),
      background: wrong("It runs later, and is the same storm in the same pool."),
    },
    lesson:
      "Lookups take at most half of libuv's threads, 2 of 4, so that files still get some: at 50 ms each " +
      "that is 40 names per second (2 / 0.05; computed, not measured). dns.resolve reads no hosts file and " +
      "does not use the system's other sources of names. Best is not to ask at all: connections that are " +
      "kept alive need no lookup.",
    measurement: {
      title: `${names} lookups at once; where it says so, beside 8 hashes in libuv's pool`,
      figure: names,
      program: new URL(import.meta.url),
      ways: [
        { name: "lookup of localhost", argument: "lookup" },
        { name: "the same, beside hashes", argument: "lookup-beside-hashes" },
        { name: "the same, in a worker", argument: "lookup-in-a-worker" },
        { name: "resolve4 beside hashes", argument: "resolve" },
      ],
      columns: [milliseconds("all resolved", "wallMs"), maxAtOnceColumn],
      reading:
        "localhost is in a file, so its lookup takes almost no time, until it has to wait for a thread of " +
        "libuv's pool; a worker thread has no pool of its own. resolve4 asks a local name server that takes " +
        "50 ms per name, and is not delayed by the hashes.",
    },
    again: (random) => withNames(20 * random(4, 12)),
  };
}

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

import { pbkdf2 } from "node:crypto";
import { Resolver } from "node:dns/promises";
import { once } from "node:events";
import { promisify } from "node:util";
import { Worker } from "node:worker_threads";
import { withBystanders } from "./bystanders.ts";
import { openPool } from "./pool.ts";
import { type Figures, measureWay, figure as names } from "./way.ts";
import { lookUpMany, passwordRounds, work } from "./work.ts";

const hashes = 8;

/** Looks names up while hashes keep all threads of libuv's pool busy. */
async function besideHashes(lookUp: () => Promise<unknown>): Promise<Figures> {
  let hashed: Promise<unknown> = Promise.resolve();
  const seen = await withBystanders(() => {
    const hash = promisify(pbkdf2);
    hashed = Promise.all(
      Array.from({ length: hashes }, () => hash("password", "salt", passwordRounds, 32, "sha512")),
    );
    return lookUp();
  });
  await hashed;
  return seen;
}

/** With a name server of our own, which takes 50 ms for each name. */
async function resolve(): Promise<Figures> {
  const server = new Worker(new URL("./name-server.ts", import.meta.url));
  const [port]: number[] = await once(server, "message");
  const resolver = new Resolver({ timeout: 5_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
  const seen = await besideHashes(() =>
    Promise.all(
      Array.from({ length: names }, (_, number) => resolver.resolve4(`host-${number}.test`)),
    ),
  );
  server.postMessage("how many at once?");
  const [mostAtOnce = 0]: number[] = await once(server, "message");
  await server.terminate();
  return { ...seen, mostAtOnce };
}

await measureWay({
  lookup: () => withBystanders(() => lookUpMany(names)),
  "lookup-beside-hashes": () => besideHashes(() => lookUpMany(names)),
  "lookup-in-a-worker": async () => {
    await using pool = await openPool(1);
    return await besideHashes(() => pool.run(work.lookUpMany, names));
  },
  resolve,
});

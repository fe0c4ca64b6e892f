import { pbkdf2 } from "node:crypto";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import { measureImpact, measureWay, openPool } from "../measuring.ts";
import { impactColumns, type Question, recommended, works, wrong } from "../question.ts";
import { hashPassword, passwordRounds, work } from "../work.ts";

export const passwordHash: Question = withLogins(8);

function withLogins(logins: number): Question {
  return {
    id: "password-hash",
    title: "Passwords: bcrypt and pbkdf2",
    scenario:
      "People log in. Checking a password takes a hash that is slow on purpose: about 100 ms of CPU. You " +
      "have crypto.pbkdf2 of Node and the package bcrypt, each with a synchronous function and one that " +
      `takes a callback. ${logins} people log in at once. Where should the hashes run?`,
    answers: {
      "event-loop": wrong(
        `pbkdf2Sync holds the event loop for each hash: ${logins} logins, and everyone waits for all of them.`,
      ),
      async: wrong(
        "Nothing waits for a socket here: a core computes. The function with a callback is right, but not because it is asynchronous: libuv's threads do the work.",
      ),
      libuv: recommended(
        "crypto.pbkdf2 and bcrypt.hash compute on libuv's threads already: just call them. Remember who else needs that pool.",
      ),
      threads: works(
        "The event loop stays free, but 16 threads share the cores, and all hashes end late.",
      ),
      workers: works(
        "Threads of your own cost memory, and keep libuv's pool free for files and names.",
      ),
      processes: works(
        "Each has a libuv pool of its own. It costs the most memory and isolates best.",
      ),
      queue: wrong("The person who logs in waits for the response and has nothing to poll for."),
      background: wrong("The response depends on the hash, so it can't go first."),
    },
    lesson:
      "libuv's pool has four threads unless UV_THREADPOOL_SIZE says otherwise, and one process has one " +
      "pool: hashes, files, zlib and DNS lookups share it. bcryptjs is another package, written in " +
      "JavaScript: it computes on the event loop, although it returns promises. bcrypt is not installed " +
      "here, so pbkdf2 stands for both.",
    measurement: {
      title: `${logins} hashes at once (pbkdf2, SHA-512, 100,000 rounds)`,
      figure: logins,
      program: new URL(import.meta.url),
      ways: [
        { name: "pbkdf2Sync, event loop", argument: "on-the-loop" },
        { name: "pbkdf2, libuv's 4 threads", argument: "in-libuvs-pool" },
        { name: "pbkdf2Sync, a worker per core", argument: "in-workers" },
      ],
      columns: impactColumns,
      reading:
        "On the loop nobody else is served until all hashes are done. With libuv's pool the loop is free, " +
        "but a file access queues behind the hashes. Workers keep both free.",
    },
    again: (random) => withLogins(random(4, 12)),
  };
}

const createLogins = (count: number) => Array.from({ length: count }, (_, login) => login);

if (import.meta.main) {
  const hashInPool = promisify(pbkdf2);
  await measureWay({
    "on-the-loop": (count) => measureImpact(async () => createLogins(count).map(hashPassword)),
    "in-libuvs-pool": (count) =>
      measureImpact(() =>
        Promise.all(
          createLogins(count).map((login) =>
            hashInPool(`password ${login}`, "salt", passwordRounds, 32, "sha512"),
          ),
        ),
      ),
    "in-workers": async (count) => {
      await using pool = await openPool(availableParallelism());
      return await measureImpact(() =>
        Promise.all(createLogins(count).map((login) => pool.run(work.hashPassword, login))),
      );
    },
  });
}

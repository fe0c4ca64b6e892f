import { milliseconds, type Question } from "../question.ts";

export const passwordHash: Question = withLogins(8);

function withLogins(logins: number): Question {
  return {
    id: "password-hash",
    title: "Passwords: bcrypt and pbkdf2",
    scenario:
      "People log in. To check a password takes a slow hash, on purpose: some 100 ms of CPU. You have " +
      "crypto.pbkdf2 of Node and the package bcrypt, each with a synchronous function and one that takes " +
      `a callback. ${logins} people log in at once. Where should the hashes run?`,
    answers: {
      "event-loop": {
        suitability: "wrong",
        reason: `pbkdf2Sync holds the event loop for each hash: ${logins} logins, and everyone waits for all of them.`,
      },
      async: {
        suitability: "wrong",
        reason:
          "Nothing waits for a socket here: a core computes. The function with a callback is right, but not because it is asynchronous: libuv's threads do the work.",
      },
      libuv: {
        suitability: "recommended",
        reason:
          "crypto.pbkdf2 and bcrypt.hash compute on libuv's threads already: just call them. Mind who else needs that pool.",
      },
      threads: {
        suitability: "works",
        reason:
          "The event loop stays free, but 16 threads share the cores, and all hashes end late.",
      },
      workers: {
        suitability: "works",
        reason: "Threads of your own cost memory, and keep libuv's pool free for files and names.",
      },
      processes: {
        suitability: "works",
        reason: "Each has a libuv pool of its own. It is the dearest way, and isolates most.",
      },
      queue: {
        suitability: "wrong",
        reason: "Somebody who logs in waits for the answer, and has nothing to come back for.",
      },
      background: {
        suitability: "wrong",
        reason: "The reply depends on the hash, so it can't go first.",
      },
    },
    lesson:
      "libuv's pool has four threads unless UV_THREADPOOL_SIZE says otherwise, and one process has one " +
      "pool: hashes, files, zlib and look-ups of names share it. bcryptjs is another package, written in " +
      "JavaScript: that one computes on the event loop, whatever its promise says. Here bcrypt is not " +
      "installed, so pbkdf2 stands for both.",
    measurement: {
      title: `${logins} hashes at once (pbkdf2, SHA-512, 100,000 rounds)`,
      figure: logins,
      program: new URL("../measurements/password-hash.ts", import.meta.url),
      ways: [
        { name: "pbkdf2Sync, event loop", argument: "on-the-loop" },
        { name: "pbkdf2, libuv's 4 threads", argument: "in-libuvs-pool" },
        { name: "pbkdf2Sync, a worker a core", argument: "in-workers" },
      ],
      columns: [
        milliseconds("all done", "wallMs"),
        milliseconds("loop held", "loopHeldMs"),
        milliseconds("a file waited", "fileWaitedMs"),
      ],
      reading:
        "On the loop nobody else is answered until all are done. In libuv's pool the loop is free, and a " +
        "look at a file waits behind the hashes. Workers keep both free.",
    },
    again: (random) => withLogins(random(4, 12)),
  };
}

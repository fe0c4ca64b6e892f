import { pbkdf2 } from "node:crypto";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import { measureImpact, measureWay, openPool } from "../measuring.ts";
import { createQuestion, impactColumns } from "../question.ts";
import { hashPassword, passwordRounds, work } from "../work.ts";

export const passwordHash = createQuestion(import.meta.url, {
  figure: 8,
  vary: (random) => random(4, 12),
  measurement: (logins) => ({
    title: `${logins} hashes at once (pbkdf2, SHA-512, 100,000 rounds)`,
    figure: logins,
    ways: [
      { name: "pbkdf2Sync, event loop", argument: "on-the-loop" },
      { name: "pbkdf2, libuv's 4 threads", argument: "in-libuvs-pool" },
      { name: "pbkdf2Sync, a worker per core", argument: "in-workers" },
    ],
    columns: impactColumns,
  }),
});

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

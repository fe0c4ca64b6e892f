import { pbkdf2 } from "node:crypto";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import { measureImpact, measureInPool } from "../measuring.ts";
import { type Definition, impactColumns } from "../question.ts";
import { hashPassword, passwordRounds, work } from "../work.ts";

const hashInLibuv = promisify(pbkdf2);
const createLogins = (count: number) => Array.from({ length: count }, (_, login) => login);

export const passwordHash: Definition = {
  id: "password-hash",
  figure: 8,
  vary: (random) => random(4, 12),
  title: (logins) => `${logins} hashes at once (pbkdf2, SHA-512, 100,000 rounds)`,
  columns: () => impactColumns,
  ways: {
    "pbkdf2Sync, event loop": (count) =>
      measureImpact(async () => createLogins(count).map(hashPassword)),
    "pbkdf2, libuv's 4 threads": (count) =>
      measureImpact(() =>
        Promise.all(
          createLogins(count).map((login) =>
            hashInLibuv(`password ${login}`, "salt", passwordRounds, 32, "sha512"),
          ),
        ),
      ),
    "pbkdf2Sync, a worker per core": (count) =>
      measureInPool(availableParallelism(), work.hashPassword, createLogins(count)),
  },
};

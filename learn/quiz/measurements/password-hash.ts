import { pbkdf2 } from "node:crypto";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";
import { withBystanders } from "./bystanders.ts";
import { openPool } from "./pool.ts";
import { figure, measureWay } from "./way.ts";
import { hashPassword, passwordRounds, work } from "./work.ts";

const logins = Array.from({ length: figure }, (_, login) => login);
const hashInPool = promisify(pbkdf2);

await measureWay({
  "on-the-loop": () => withBystanders(async () => logins.map(hashPassword)),
  "in-libuvs-pool": () =>
    withBystanders(() =>
      Promise.all(
        logins.map((login) =>
          hashInPool(`password ${login}`, "salt", passwordRounds, 32, "sha512"),
        ),
      ),
    ),
  "in-workers": async () => {
    await using pool = await openPool(availableParallelism());
    return await withBystanders(() =>
      Promise.all(logins.map((login) => pool.run(work.hashPassword, login))),
    );
  },
});

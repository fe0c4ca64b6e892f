import type { PostgresAddress } from "@unblock/backends/backends";
import { type Database, findUserBlocking, type User } from "@unblock/backends/database";
import { findUserBlocking as findInPostgres } from "@unblock/backends/postgres/find-user-blocking";
import { Failure } from "@unblock/errors/failure";
import type { LocalContext, TaskContext } from "@unblock/executors/executor";

export interface UserQuery {
  readonly database: Database | PostgresAddress;
  readonly id: number;
  /** Deadline of the call, on the clock of `monotonicMs`. */
  readonly deadlineMs: number | undefined;
}

/** Blocks its thread, because the driver does. */
export function queryUser(query: UserQuery, context: TaskContext): User {
  const { database, id, deadlineMs } = query;
  const user =
    "url" in database
      ? findInPostgres(database, id, { deadlineMs, stopped: () => context.stopped() })
      : findUserBlocking(database, id);
  return existing(id, user);
}

/** Waits without a thread; only Postgres has such a driver. */
export async function queryUserAsync(
  { postgres, id }: Pick<UserQuery, "id"> & { readonly postgres: PostgresAddress },
  { signal }: LocalContext,
): Promise<User> {
  // Loaded on demand, because every thread loads this module.
  const { findUser } = await import("@unblock/backends/postgres/find-user");
  return existing(id, await findUser(postgres, id, signal));
}

function existing(id: number, user: User | undefined): User {
  if (!user) {
    throw new Failure("UNBLOCK_USER_NOT_FOUND", { user_id: id });
  }
  return user;
}

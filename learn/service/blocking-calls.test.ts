import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { createDatabaseFile } from "@unblock/backends/database";
import { temporaryFolder } from "@unblock/test/folder";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { openHoldingsFile } from "../check/testing/holdings-file.ts";
import { findUserBlocking } from "../toolbox/database.ts";
import { provideEnvironment, worldAddresses } from "./environment.ts";

const holdings = openHoldingsFile();
const folder = temporaryFolder();
const databasePath = join(folder, "users.db");

beforeAll(() => {
  createDatabaseFile(databasePath);
  const world = {
    databasePath,
    httpUrl: "",
    cachePort: 1,
    diskFolder: "/no disk",
    fifos: false,
    holdingsPath: holdings.path,
  };
  const addresses = worldAddresses(world, null);
  provideEnvironment({ addresses, crops: 1, holdingsPath: holdings.path });
});
beforeEach(() => holdings.restart());
afterAll(() => {
  holdings.remove();
});

const queries = () => holdings.usage(process.pid).query;

test("counts a query of the toolbox once", () => {
  expect(findUserBlocking(3).name).toBe("User 3");
  expect(queries()).toMatchObject({ calls: 1, onLoop: 1 });
});

test("counts every kind of query of other connections", () => {
  const database = new DatabaseSync(databasePath, { readOnly: true });
  const statement = database.prepare("SELECT name FROM users WHERE id = ?");
  expect(statement.get(1)).toEqual({ name: "User 1" });
  expect(statement.all(2)).toEqual([{ name: "User 2" }]);
  expect([...statement.iterate(3)]).toEqual([{ name: "User 3" }]);
  const store = database.createTagStore();
  expect(store.get`SELECT name FROM users WHERE id = ${4}`).toEqual({ name: "User 4" });
  database.close();
  expect(queries()).toMatchObject({ calls: 4, onLoop: 4 });
});

test("does not count queries of other databases", () => {
  const other = new DatabaseSync(":memory:");
  expect(other.prepare("SELECT 1 AS one").get()).toEqual({ one: 1 });
  other.close();
  expect(queries().calls).toBe(0);
});

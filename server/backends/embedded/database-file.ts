import { DatabaseSync } from "node:sqlite";
import { userCount } from "../database.ts";

/**
 * Makes the embedded database: the table `users`, filled.
 *
 * @param mark letters and digits that names and addresses end with. Default: none
 */
export function createDatabaseFile(path: string, mark = ""): void {
  const database = new DatabaseSync(path);
  // The file is made anew at each start and never written again: nothing is lost without a journal.
  database.exec(`
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL);
    WITH RECURSIVE ids(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM ids WHERE id < ${userCount})
    INSERT INTO users
      SELECT id, 'User ' || id || '${mark}', 'user' || id || '${mark}@example.com' FROM ids;
  `);
  database.close();
}

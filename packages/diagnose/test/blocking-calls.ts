/** Blocks the event loop while its thread waits. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { serve } from "./serve.ts";

const folder = mkdtempSync(join(tmpdir(), "diagnose-app-"));
process.once("exit", () => rmSync(folder, { recursive: true }));
const file = join(folder, "users.db");
const writer = new DatabaseSync(file);
writer.exec("CREATE TABLE users (id INTEGER)");
const cell = new Int32Array(new SharedArrayBuffer(4));

function runProgram(): string {
  const waits = ["-e", "setTimeout(() => {}, 300)"];
  return execFileSync(process.execPath, waits).toString(); // blocks: runProgram
}

async function findUser(): Promise<unknown> {
  await null;
  Atomics.wait(cell, 0, 0, 300); // blocks: findUser
  return "found";
}

/** Waits for a lock that another connection holds. */
function countUsers(): unknown {
  using reader = new DatabaseSync(file, { timeout: 1_500 });
  writer.exec("BEGIN EXCLUSIVE");
  try {
    return reader.prepare("SELECT count(*) FROM users").get(); // blocks: countUsers
  } finally {
    writer.exec("COMMIT");
  }
}

await serve({ "/program": runProgram, "/user": findUser, "/users": countUsers });

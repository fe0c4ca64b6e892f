import { expect, test } from "vitest";
import { durabilityProblems } from "./connection.ts";

const fit = { aof_enabled: "1", maxmemory_policy: "noeviction", role: "master" };

function infoOf(fields: Readonly<Record<string, string>>): string {
  const lines = Object.entries(fields).map(([name, value]) => `${name}:${value}\r\n`);
  return `# Server\r\n${lines.join("")}`;
}

test.each([
  [{}, []],
  [{ aof_enabled: "0" }, ["--appendonly yes"]],
  [{ maxmemory_policy: "allkeys-lru" }, ["--maxmemory-policy noeviction"]],
  [{ role: "slave" }, ["the address of its master"]],
])("a Redis that says %j has the problems %j", (differs, problems) => {
  const found = durabilityProblems(infoOf({ ...fit, ...differs }));
  expect(found).toEqual(problems.map((problem) => expect.stringContaining(problem)));
});

test("ignores fields that a Redis does not report", () => {
  expect(durabilityProblems(infoOf({}))).toEqual([]);
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { exerciseOf } from "@unblock/proto/exercises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkExercise } from "./check-exercise.ts";

const learn = fileURLToPath(new URL("..", import.meta.url));
const head = `
import type { Decision, Handler } from "@unblock/learn/toolbox/handler";
import { blockingPool, processes } from "@unblock/learn/toolbox/pools";
import { findUserBlocking } from "@unblock/learn/toolbox/database";
export const decision: Decision = { strategy: "blocking-pool", why: "It is not asked here." };`;

let folder: string;

beforeAll(() => {
  // Inside the project, as the learner's files are.
  mkdirSync(join(learn, "yours"), { recursive: true });
  folder = mkdtempSync(join(learn, "yours", "not-exported-"));
});

afterAll(() => rmSync(folder, { recursive: true }));

const answers = [
  [
    "an arrow function in the call",
    `export const handler: Handler<"getUser"> = ({ userId }, signal) =>
       blockingPool.run((id: number) => ({ userId: id, ...findUserBlocking(id) }), userId, signal);`,
    "to the pool blocking-pool: an inline function",
  ],
  [
    "a function that is not exported",
    `function find(id: number) { return { userId: id, ...findUserBlocking(id) }; }
     export const handler: Handler<"getUser"> = ({ userId }, signal) =>
       processes.run(find, userId, signal);`,
    'to the pool processes: "find"',
  ],
  [
    "another function than the exported one of its name",
    `export function find(id: number) { return { userId: id, name: "", email: "" }; }
     export const handler: Handler<"getUser"> = ({ userId }, signal) => {
       const inner = { find: (id: number) => ({ userId: id, ...findUserBlocking(id) }) };
       return blockingPool.run(inner.find, userId, signal);
     };`,
    'to the pool blocking-pool: "find"',
  ],
  [
    "a function posted to a Worker of one's own",
    `import { Worker } from "node:worker_threads";
     export const handler: Handler<"getUser"> = async ({ userId }) => {
       const worker = new Worker("", { eval: true });
       try {
         worker.postMessage(() => findUserBlocking(userId));
       } finally {
         await worker.terminate();
       }
       return { userId, name: "", email: "" };
     };`,
    "could not be cloned",
  ],
] as const;

describe("not-exported is the diagnosis of", () => {
  test.each(answers)("%s", { timeout: 90_000 }, async (does, source, finding) => {
    const file = join(folder, `${does.replaceAll(/\W+/g, "-")}.ts`);
    writeFileSync(file, `${head}\n${source}\n`);
    const { verdict, diagnoses } = await checkExercise(exerciseOf("A"), file);
    expect(verdict).toBe("FAIL");
    expect(diagnoses.map(({ name }) => name)).toEqual(["not-exported"]);
    expect(diagnoses[0]?.finding).toContain(finding);
    expect(diagnoses[0]?.line?.line).toBeGreaterThan(5);
    expect(diagnoses[0]?.nextStep).toContain("`export`");
  });
});

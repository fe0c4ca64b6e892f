/** Adds an exercise as CONTRIBUTING says, an RPC and a folder, to a copy of the project, and uses it. */
import { execFile, execFileSync } from "node:child_process";
import { cpSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { copyProject, type ProjectCopy } from "../project-copy.ts";

const run = promisify(execFile);
const recipe = fileURLToPath(new URL("./", import.meta.url));

let project: ProjectCopy;
let copy: string;

beforeAll(() => {
  project = copyProject();
  copy = project.folder;
  addExercise();
  execFileSync("node_modules/.bin/buf", ["generate"], { cwd: copy });
}, 60_000);

afterAll(() => project.remove());

/** Runs a command of the copy. Resolves also when it exits with another code than 0. */
async function node(...args: string[]): Promise<string> {
  const options = { cwd: copy, env: { ...process.env, UV_THREADPOOL_SIZE: "16" } };
  return run(process.execPath, args, options).then(
    ({ stdout }) => stdout,
    ({ stdout = "" }: { stdout?: string }) => stdout,
  );
}

describe("a ninth exercise", { timeout: 120_000 }, () => {
  test("has the right types", async () => {
    await expect(run("node_modules/.bin/tsc", ["--noEmit"], { cwd: copy })).resolves.toBeDefined();
  });

  test("is measured by the lab with every strategy", async () => {
    const lab = await node("lab/main.ts", "--exercise", "I", "--runs", "2", "--json");
    const {
      results,
    }: { results: readonly { exercise: string; strategy: string; errors: number }[] } =
      JSON.parse(lab);
    expect(results).toMatchObject([
      { exercise: "I", strategy: "cpu-pool", errors: 0 },
      { exercise: "I", strategy: "event-loop", errors: 0 },
    ]);
  });

  test("is checked: the stub is not decided, the solution does not fail", async () => {
    const stub = JSON.parse(await node("learn/check/main.ts", "I", "--json"));
    expect(stub.results).toMatchObject([{ exercise: "I", verdict: "FAIL" }]);
    const solution = JSON.parse(await node("learn/check/main.ts", "I", "--solutions", "--json"));
    expect(solution.results).toMatchObject([{ exercise: "I", rpc: "GzipText" }]);
    expect(solution.results[0].diagnoses).toEqual([]);
  });

  test("has its texts on the page", async () => {
    await run("node_modules/.bin/vite", ["build", "web", "--logLevel", "warn"], { cwd: copy });
    const scripts = globSync("web/dist/assets/*.js", { cwd: copy });
    const page = scripts.map((file) => readFileSync(join(copy, file), "utf8")).join("");
    expect(page).toContain("A server compresses its responses.");
  });
});

/** The RPC, and the folder. */
function addExercise(): void {
  const schema = join(copy, "proto/unblock/v1/exercises.proto");
  const [rpc = "", messages = ""] = readFileSync(`${recipe}rpc.proto.txt`, "utf8").split(
    /\n\}\n\n(?=message GzipTextRequest)/,
  );
  const [service = "", others = ""] = readFileSync(schema, "utf8").split(
    /\n\}\n\n(?=message GetUserRequest)/,
  );
  writeFileSync(schema, `${service}\n${rpc}\n}\n\n${others}\n${messages}`);
  const folder = join(copy, "exercises/gzip-text");
  for (const file of globSync("**/*.txt", { cwd: recipe })) {
    if (file !== "rpc.proto.txt") {
      const target = join(
        folder,
        file.replace(/\.txt$/, "").replace("exercise.test", "gzip-text.test"),
      );
      mkdirSync(dirname(target), { recursive: true });
      cpSync(join(recipe, file), target);
    }
  }
}

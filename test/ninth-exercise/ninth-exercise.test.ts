/** Adds an exercise as CONTRIBUTING says, an RPC and a folder, to a copy of the project, and uses it. */
import { execFile, execFileSync } from "node:child_process";
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const run = promisify(execFile);
const project = fileURLToPath(new URL("../../", import.meta.url));
const recipe = fileURLToPath(new URL("./", import.meta.url));

let copy: string;

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "unblock-ninth-"));
  copyProject();
  addExercise();
  execFileSync("node_modules/.bin/buf", ["generate"], { cwd: copy });
}, 60_000);

afterAll(() => rmSync(copy, { recursive: true, maxRetries: 5 }));

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

function copyProject(): void {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const files = execFileSync("git", args, { cwd: project, encoding: "utf8" }).split("\0");
  for (const file of files.filter((one) => one !== "")) {
    mkdirSync(dirname(join(copy, file)), { recursive: true });
    cpSync(join(project, file), join(copy, file));
  }
  // Everything is linked but the packages, which are the copy's.
  mkdirSync(join(copy, "node_modules/@unblock"), { recursive: true });
  for (const name of readdirSync(join(project, "node_modules"))) {
    if (name !== "@unblock") {
      symlinkSync(join(project, "node_modules", name), join(copy, "node_modules", name));
    }
  }
  for (const file of globSync(["*/package.json", "packages/*/package.json"], { cwd: copy })) {
    const folder = dirname(file);
    const name = folder.split("/").at(-1) ?? "";
    symlinkSync(join(copy, folder), join(copy, "node_modules/@unblock", name));
  }
}

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

import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { wrongAnswers } from "@unblock/exercises/wrong-answers";
import { exercises } from "@unblock/proto/exercises";
import { Suitability } from "@unblock/proto/gen/exercise";
import { beforeAll, describe, expect, test } from "vitest";
import { hintsFor, openBook } from "./book/book.ts";
import { planOf } from "./check/plan.ts";
import { checkTypes } from "./check/types.ts";
import { fileName, solutionFile, yourFile } from "./workspace.ts";

const run = promisify(execFile);
const learn = fileURLToPath(new URL(".", import.meta.url));

/** Works, but 16 threads are too few for a burst of 100 lookups, so it does not pass. */
const rightAndNotEnough = "e-get-cache.threads.ts";

const stubs = filesOf("stubs");
const solutions = filesOf("solutions");
const right = filesOf("right");
const wrong = filesOf("wrong").filter((path) => path !== "wrong/expected.ts");

/** Exports of a file that Node loaded without transformation. */
interface Loaded {
  readonly exports: readonly string[];
  readonly decision: { readonly strategy: string; readonly why: string };
}

let loaded: Readonly<Record<string, Loaded>>;

beforeAll(async () => {
  loaded = {
    ...(await loadAll([...stubs, ...solutions])),
    // These are parsed, because some start threads and processes when they are loaded.
    ...Object.fromEntries([...right, ...wrong].map((path) => [path, readExports(path)])),
  };
});

describe("the stubs", () => {
  test("are one per exercise, named like it", () => {
    expect(stubs).toEqual(exercises.map((exercise) => `stubs/${fileName(exercise)}`));
  });

  test.each(exercises)("$letter states its scenario in three lines, and how to check it", (one) => {
    const lines = readFileSync(join(learn, `stubs/${fileName(one)}`), "utf8").split("\n");
    expect(lines[0]).toMatch(new RegExp(`^// ${one.letter}\\. `));
    expect(lines.indexOf("//")).toBe(3);
    expect(lines).toContain(`// Check it: npm run check -- ${one.letter}`);
    expect(lines.slice(3).some((line) => line.startsWith("// At hand: "))).toBe(true);
  });

  test.each(exercises)("$letter lists the schema's strategies and decides for none", (one) => {
    // Sorted, because the schema has the recommended strategy first.
    const names = one.strategies.map(({ name }) => name).sort();
    const stub = `stubs/${fileName(one)}`;
    expect(readFileSync(join(learn, stub), "utf8")).toContain(
      `/** One of: ${names.join(", ")}. */`,
    );
    expect(loaded[stub]?.decision).toEqual({ strategy: "", why: "" });
  });

  test("have less than 40 lines each", () => {
    const long = stubs.filter((path) => linesOf(path) >= 40);
    expect(long).toEqual([]);
  });

  test("set the size of libuv's pool in D only, to Node's default", () => {
    const sized = stubs.filter((path) => loaded[path]?.exports.includes("libuvThreads"));
    expect(sized).toEqual(["stubs/d-get-config.ts"]);
    expect(readFileSync(join(learn, "stubs/d-get-config.ts"), "utf8")).toContain(
      "export const libuvThreads = 4;",
    );
  });
});

describe("the solutions", () => {
  test("are one per right strategy", () => {
    const right = exercises.flatMap((exercise) =>
      exercise.strategies
        .filter(({ suitability }) => isRight(suitability))
        .map(({ name }) => basename(solutionFile(exercise, name)))
        .filter((name) => name !== rightAndNotEnough),
    );
    expect(solutions.map((path) => basename(path)).sort()).toEqual(right.sort());
  });

  test.each(solutions)("%s decides for the strategy in its name and gives a reason", (path) => {
    const [, strategy] = basename(path).split(".");
    const decision = loaded[path]?.decision;
    expect(decision?.strategy).toBe(strategy);
    expect(decision?.why).not.toBe("");
  });

  test("give reasons that differ from the schema's", () => {
    const reasons = exercises.flatMap(({ strategies }) => strategies.map(({ reason }) => reason));
    const whys = solutions.map((path) => loaded[path]?.decision.why);
    expect(new Set(whys).size).toBe(solutions.length);
    expect(whys.filter((why) => why !== undefined && reasons.includes(why))).toEqual([]);
  });
});

describe("the right answers", () => {
  test("are at least 60 with the solutions, and five per exercise", () => {
    expect(right.length + solutions.length).toBeGreaterThanOrEqual(60);
    for (const { letter } of exercises) {
      expect(right.filter((path) => letterOf(path) === letter).length).toBeGreaterThanOrEqual(5);
    }
  });
});

describe("the wrong answers", () => {
  test("are at least 100, and ten per exercise", () => {
    expect(wrong.length).toBeGreaterThanOrEqual(100);
    for (const { letter } of exercises) {
      expect(wrong.filter((path) => letterOf(path) === letter).length).toBeGreaterThanOrEqual(10);
    }
  });

  test("are each expected to fail once", () => {
    const expected = wrongAnswers.map(({ file }) => `wrong/${file}`);
    expect(expected.sort()).toEqual(wrong);
  });

  test.each([...right, ...wrong])(
    "%s decides for a strategy of its exercise and gives a reason",
    (path) => {
      const exercise = exercises.find(({ letter }) => letter === letterOf(path));
      const decision = loaded[path]?.decision;
      expect(exercise?.strategies.map(({ name }) => name)).toContain(decision?.strategy);
      expect(decision?.why).not.toBe("");
    },
  );
});

describe("all of them", () => {
  test.each([...stubs, ...solutions, ...right, ...wrong])("%s exports a handler", (path) => {
    expect(loaded[path]?.exports).toContain("handler");
  });

  test("pass the type check", async () => {
    // These two suppress type errors on purpose.
    const cheats = new Set(["wrong/b-without-types.ts", "wrong/d-without-one-check.ts"]);
    const all = [...stubs, ...solutions, ...right, ...wrong];
    const paths = all.filter((path) => !cheats.has(path)).map((path) => join(learn, path));
    const problems = [...((await checkTypes(paths)) ?? [])];
    expect(problems.map(([path]) => path)).toEqual(paths);
    expect(problems.filter(([, found]) => found.length > 0)).toEqual([]);
  });
});

describe("the tasks agree with the check", () => {
  test.each(exercises)("$letter", (exercise) => {
    const { task, checked, rationale } = openBook(exercise, yourFile(exercise));
    const text = checked.replaceAll(/\s+/g, " ");
    const { cancelled, questions } = planOf(exercise);
    expect(task.trim()).not.toBe("");
    expect(rationale.trim()).not.toBe("");
    expect(text).toContain("Callers who disconnect, or whose deadline passes");
    // G's own steps have callers who disconnect.
    const isChecked = cancelled.length > 0 || exercise.work.afterResponse;
    expect(text.includes("are not checked here")).toBe(!isChecked);
    const asksForNothing = questions.some(({ forget }) => forget !== undefined);
    expect(text.includes("a key that the cache does not have")).toBe(asksForNothing);
  });

  test("and the stubs show the signal that is checked", () => {
    for (const path of stubs) {
      const source = readFileSync(join(learn, path), "utf8");
      expect(source).toMatch(/export const handler: .* = async \(.*, signal\) =>/);
      expect(source).toContain("// `signal` aborts when nobody waits any more");
    }
  });
});

test("every exercise has three hints, all of them different", () => {
  const hints = exercises.map(hintsFor);
  expect(hints.map(({ length }) => length)).toEqual(exercises.map(() => 3));
  expect(new Set(hints.flat()).size).toBe(3 * exercises.length);
  expect(hints.flat()).not.toContain("");
});

function filesOf(folder: string): string[] {
  return readdirSync(join(learn, folder))
    .filter((name) => name.endsWith(".ts"))
    .sort()
    .map((name) => `${folder}/${name}`);
}

function letterOf(path: string): string {
  return basename(path).charAt(0).toUpperCase();
}

function linesOf(path: string): number {
  return readFileSync(join(learn, path), "utf8").trimEnd().split("\n").length;
}

function isRight(suitability: Suitability): boolean {
  return suitability === Suitability.RECOMMENDED || suitability === Suitability.WORKS;
}

/** Parses the exports of a file without running it. */
function readExports(path: string): Loaded {
  const source = readFileSync(join(learn, path), "utf8");
  const [, strategy = "", why = ""] =
    /export const decision: Decision = \{\s+strategy: "(.*)",\s+why: "(.*)",\s+\};/.exec(source) ??
    [];
  const exports = [...source.matchAll(/^export (?:const|function|async function|\{) ?(.*)/gm)];
  return {
    exports: exports.flatMap(([, names = ""]) => names.match(/\w+/g) ?? []),
    decision: { strategy, why },
  };
}

async function loadAll(paths: readonly string[]): Promise<Readonly<Record<string, Loaded>>> {
  const program = `
    const loaded = {};
    for (const path of process.argv.slice(1)) {
      const { decision, ...others } = await import(${JSON.stringify(learn)} + path);
      loaded[path] = { exports: Object.keys(others), decision };
    }
    console.log(JSON.stringify(loaded));`;
  const args = ["--input-type=module", "--eval", program, ...paths];
  const { stdout } = await run(process.execPath, args);
  return JSON.parse(stdout);
}

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { exerciseOf } from "@unblock/proto/exercises";
import { temporaryFolder } from "@unblock/test/folder";
import { beforeAll, describe, expect, test } from "vitest";
import { solutionFile } from "../workspace.ts";
import { checkExercise } from "./check-exercise.ts";
import type { ExerciseResult, StepResult } from "./result.ts";

const exercise = exerciseOf("A");
const decision = `export const decision = { strategy: "blocking-pool", why: "It is not asked here." };`;
const answers = (body: string) =>
  `${decision}\nexport const handler = async () => {\n${body}\n};\n`;

/** A right answer, as far as there is one. */
const solved = readFileSync(solutionFile(exercise, "blocking-pool"), "utf8").replaceAll(
  /"(@unblock\/.*)"/g,
  (_, name: string) => JSON.stringify(import.meta.resolve(name)),
);

/** What somebody may have written, the step that fails, the diagnosis, and what its one line names. */
const inputs = [
  {
    does: "has a syntax error",
    source: `${decision}\nexport const handler = (;\n`,
    step: "loads",
    diagnosis: "does-not-load",
    names: ["bad.ts:2"],
  },
  {
    does: "exports no handler",
    source: decision,
    step: "loads",
    diagnosis: "does-not-load",
    names: ["bad.ts", "handler"],
  },
  {
    does: "throws when it is loaded",
    source: `${decision}\nthrow new Error("no such luck");\n`,
    step: "loads",
    diagnosis: "does-not-load",
    names: ["bad.ts:2", "no such luck"],
  },
  {
    does: "loops for ever when it is loaded",
    source: `${decision}\nfor (;;) {}\n`,
    step: "loads",
    diagnosis: "does-not-load",
    names: ["bad.ts:2", "10 s"],
  },
  {
    does: "waits for ever when it is loaded",
    source: `${decision}\nawait new Promise(() => {});\n`,
    step: "loads",
    diagnosis: "does-not-load",
    names: ["bad.ts", "10 s"],
  },
  {
    does: "ends the process when it is loaded",
    source: `${decision}\nprocess.exit(0);\n`,
    step: "loads",
    diagnosis: "ends-the-service",
    names: ["bad.ts:2", "process.exit(0)"],
  },
  {
    does: "listens when it is loaded",
    source: `import { createServer } from "node:http";\n${decision}\ncreateServer().listen(8080);\n`,
    step: "loads",
    diagnosis: "does-not-load",
    names: ["bad.ts:3", "8080"],
  },
  {
    does: "throws when it is called",
    source: answers(`throw new Error("no such user");`),
    step: "answer",
    diagnosis: "wrong-answer",
    names: ["no such user"],
  },
  {
    does: "loops for ever when it is called",
    source: answers("for (;;) {}"),
    step: "answer",
    diagnosis: "never-answers",
    names: ["bad.ts:3", '{"user_id":1}', "10 s"],
  },
  {
    does: "ends the process when it is called",
    source: answers("process.exit(3);"),
    step: "answer",
    diagnosis: "ends-the-service",
    names: ["bad.ts:3", "process.exit(3)"],
  },
  {
    does: "fills its heap",
    source: answers("const all = []; for (;;) all.push(new Array(10_000).fill(all.length));"),
    step: "answer",
    diagnosis: "takes-too-much",
    names: ["bad.ts", "256 MiB"],
  },
  {
    does: "takes memory outside of its heap",
    source: answers("const all = []; for (;;) all.push(Buffer.alloc(50_000_000, 1));"),
    step: "answer",
    diagnosis: "takes-too-much",
    names: ["bad.ts", "1536 MiB"],
  },
  {
    does: "prints megabytes",
    source: answers(`for (;;) console.log("x".repeat(10_000));`),
    step: "answer",
    diagnosis: "takes-too-much",
    names: ["bad.ts", "1 MB"],
  },
  {
    does: "throws when nobody is there to catch it",
    source: answers(
      `setTimeout(() => { throw new Error("too late"); }); await new Promise(() => {});`,
    ),
    step: "answer",
    diagnosis: "ends-the-service",
    names: ["bad.ts:3", "too late"],
  },
  {
    does: "throws after it was loaded, when nobody has called yet",
    source: `${answers("return {};")}setTimeout(() => { throw new Error("too late"); }, 150);\n`,
    step: "answer",
    diagnosis: "ends-the-service",
    names: ["bad.ts:5", "too late"],
  },
  {
    does: "aborts the process",
    source: answers("process.abort();"),
    step: "answer",
    diagnosis: "ends-the-service",
    names: ["bad.ts", "SIGABRT"],
  },
  {
    does: "ends its parent",
    source: answers("process.kill(process.ppid, 'SIGKILL'); await new Promise(() => {});"),
    step: "answer",
    diagnosis: "tampers-with-the-check",
    names: ["bad.ts", "watches over the service"],
  },
  {
    does: "stops its parent and loops",
    source: answers("process.kill(process.ppid, 'SIGSTOP'); for (;;) {}"),
    step: "answer",
    diagnosis: "never-answers",
    names: ["bad.ts:3", '{"user_id":1}', "10 s"],
  },
  {
    does: "calls itself for ever",
    source: answers("const again = () => again() + 1; again();"),
    step: "answer",
    diagnosis: "wrong-answer",
    names: ["Maximum call stack size exceeded"],
  },
  {
    does: "rejects what nobody awaits, later",
    source: `${answers("return {};")}setTimeout(() => Promise.reject(new Error("too late")), 150);\nprocess.on("unhandledRejection", (error) => { throw error; });\n`,
    step: "answer",
    diagnosis: "ends-the-service",
    names: ["bad.ts:5", "too late"],
  },
  {
    does: "leaves the channel that it has not",
    source: answers("process.disconnect();"),
    step: "answer",
    diagnosis: "wrong-answer",
    names: ["process.disconnect"],
  },
  {
    does: "closes the pipes of the check",
    source: `import { closeSync } from "node:fs";\n${answers("closeSync(4); await new Promise(() => {});")}`,
    step: "answer",
    diagnosis: "tampers-with-the-check",
    names: ["bad.ts", "closed the pipe"],
  },
  {
    does: "writes to the pipes of the check",
    source: `import { writeSync } from "node:fs";\n${answers("writeSync(4, '{}\\n'); await new Promise(() => {});")}`,
    step: "answer",
    diagnosis: "tampers-with-the-check",
    names: ["bad.ts", "wrote to the pipe"],
  },
  {
    does: "replaces JSON.parse",
    source: `JSON.parse = () => null;\n${answers("return {};")}`,
    step: "loads",
    diagnosis: "tampers-with-the-check",
    names: ["bad.ts:1", "JSON.parse"],
  },
  {
    does: "replaces what promises do, once it is called",
    source: answers("Promise.prototype.then = () => {}; await null;"),
    step: "answer",
    diagnosis: "tampers-with-the-check",
    names: ["bad.ts:3", "Promise.prototype.then"],
  },
  {
    does: "replaces setTimeout",
    source: `globalThis.setTimeout = () => 0;\n${answers("return {};")}`,
    step: "loads",
    diagnosis: "tampers-with-the-check",
    names: ["bad.ts:1", "setTimeout"],
  },
  {
    does: "stops the clock",
    source: `performance.now = () => 1;\n${answers("return {};")}`,
    step: "loads",
    diagnosis: "tampers-with-the-check",
    names: ["bad.ts:1", "performance.now"],
  },
  {
    does: "gives all objects a property",
    source: `Object.prototype.toJSON = () => ({});\n${answers("return {};")}`,
    step: "loads",
    diagnosis: "tampers-with-the-check",
    names: ["bad.ts:1", "Object.prototype"],
  },
  {
    does: "starts a thousand processes",
    source: `import { spawn } from "node:child_process";\n${answers("spawn('sh', ['-c', 'for n in $(seq 1000); do sleep 1000 & done; wait']); await new Promise(() => {});")}`,
    step: "answer",
    diagnosis: "takes-too-much",
    names: ["bad.ts", "200"],
  },
  {
    does: "swallows SIGTERM",
    source: `setTimeout(() => { process.removeAllListeners("SIGTERM"); process.on("SIGTERM", () => {}); }, 300);\n${solved}`,
    step: "stop",
    diagnosis: "never-answers",
    names: ["bad.ts", "15 s", "SIGTERM"],
  },
  {
    does: "leaves a process that left its group and forgot its environment",
    source: `import { spawn } from "node:child_process";\nimport { isMainThread } from "node:worker_threads";\nif (isMainThread) spawn("sh", ["-c", "sleep 1000 & sleep 1001"], { detached: true, stdio: "inherit", env: {} }).unref();\n${solved}`,
    step: "stop",
    diagnosis: "left-behind",
    names: ["processes"],
  },
] as const;

const folder = temporaryFolder();
beforeAll(() => {
  writeFileSync(join(folder, "package.json"), `{ "type": "module" }`);
});

/** The check without the compiler, which says the same of a syntax error and nothing of the others. */
function check(file: string): Promise<ExerciseResult> {
  return checkExercise(exercise, file, { types: Promise.resolve(new Map([[file, []]])) });
}

function failuresOf({ steps }: ExerciseResult): readonly StepResult[] {
  return steps.filter(({ verdict }) => verdict === "FAIL");
}

// Some take until a limit, and no count depends on what the others do.
describe.concurrent("a file that", { timeout: 120_000 }, () => {
  test.each(inputs)("$does fails in one line", async ({ does, source, step, diagnosis, names }) => {
    const own = join(folder, does.replaceAll(" ", "-"));
    mkdirSync(own);
    const file = join(own, "bad.ts");
    writeFileSync(file, source);
    const result = await check(file);
    const told = JSON.stringify(result.steps);
    expect(result.verdict, told).toBe("FAIL");
    const [failure, ...others] = failuresOf(result);
    expect(failure?.step, told).toBe(step);
    expect(result.diagnoses[0]?.name, told).toBe(diagnosis);
    expect(
      names.filter((name) => !failure?.message.includes(name)),
      told,
    ).toEqual([]);
    expect(failure?.message).not.toContain("\n");
    expect(others).toEqual([]);
  });
});

describe("after all of these", { timeout: 120_000 }, () => {
  test("a right file passes", async () => {
    const result = await check(solutionFile(exercise, "blocking-pool"));
    expect(failuresOf(result)).toEqual([]);
    const byCounts = result.steps.filter(({ step }) => step !== "time" && step !== "probe");
    expect(byCounts.map(({ step, verdict }) => `${step} ${verdict}`)).toEqual([
      "loads PASS",
      "decision PASS",
      "answer PASS",
      "overlap PASS",
      "executor PASS",
      "failures PASS",
      "signal PASS",
      "stop PASS",
    ]);
  });
});

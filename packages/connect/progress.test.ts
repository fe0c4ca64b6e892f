import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { changeProgress, loadProgress, progressOf, withExercise } from "@unblock/progress/progress";
import { openKey, signStatement } from "@unblock/progress/signature";
import { unsignedPass } from "@unblock/progress/testing/passes";
import { temporaryFolder } from "@unblock/test/folder";
import { startTestServer, type TestServer } from "@unblock/test/test-server";
import { callByHttp1, callByHttp2, networkAddress } from "@unblock/test/wire";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const service = "/unblock.v1.ProgressService";

let yours: string;
let progressFile: string;
let server: TestServer;

beforeEach(async () => {
  yours = temporaryFolder();
  progressFile = join(yours, "progress.json");
  server = await startTestServer({ progressFile });
});

afterEach(async () => {
  await server.close();
});

function standing(exercises: Readonly<Record<string, object>>, more: object = {}) {
  return {
    standing: {
      exercises: [..."ABCDEFGH"].map((letter) => ({
        letter,
        passed: false,
        guess: "",
        ...exercises[letter],
      })),
      questions_answered: 0,
      questions_due: 0,
      ...more,
    },
  };
}

describe("the learner's progress", () => {
  test("exists before the first exercise, and reading it writes nothing", async () => {
    const unwritten = join(yours, "none/progress.json");
    const other = await startTestServer({ progressFile: unwritten });
    expect((await other.call("GetProgress", {})).body).toEqual(standing({}));
    await other.close();
    expect(() => rmSync(join(yours, "none"), { recursive: true })).toThrow("no such file");
  });

  test("keeps the first guess of an exercise, and the course reads it", async () => {
    const guess = (strategy: string) => server.call("RecordGuess", { exercise: "A", strategy });
    expect((await guess("event-loop")).body).toEqual(standing({ A: { guess: "event-loop" } }));
    expect((await guess("blocking-pool")).body).toEqual(standing({ A: { guess: "event-loop" } }));
    expect(progressOf(loadProgress(progressFile).state, "A").guess).toBe("event-loop");
    expect((await server.call("ForgetGuesses", {})).body).toEqual(standing({}));
    expect((await guess("blocking-pool")).body).toEqual(
      standing({ A: { guess: "blocking-pool" } }),
    );
  });

  test("loses no concurrent guess", async () => {
    const letters = [..."ABCDEFGH"];
    const strategies = { A: "blocking-pool", B: "async", C: "cpu-pool", D: "libuv" };
    await Promise.all(
      Object.entries(strategies).flatMap(([exercise, strategy]) =>
        Array.from({ length: 10 }, () => server.call("RecordGuess", { exercise, strategy })),
      ),
    );
    const { state } = loadProgress(progressFile);
    expect(letters.map((letter) => progressOf(state, letter).guess).filter(Boolean)).toEqual(
      Object.values(strategies),
    );
  });

  test("has what other processes record", async () => {
    const pass = signStatement(unsignedPass("C").statement, openKey(yours));
    const card = {
      dueMs: 0,
      lastMs: 0,
      stability: 1,
      difficulty: 1,
      elapsed_days: 0,
      scheduled_days: 1,
      learning_steps: 0,
      reps: 1,
      lapses: 0,
      state: 2,
    };
    await changeProgress(progressFile, (progress) => ({
      ...withExercise(progress, "C", { pass, last: "PASS" }),
      cards: { gzip: card, "big-file": { ...card, dueMs: Date.now() + 1_000_000 } },
    }));
    expect((await server.call("GetProgress", {})).body).toEqual(
      standing({ C: { passed: true } }, { questions_answered: 2, questions_due: 1 }),
    );
  });

  test("reports a file that can't be written", async () => {
    writeFileSync(join(yours, "a-file"), "");
    const other = await startTestServer({ progressFile: join(yours, "a-file/x.json") });
    expect(
      await other.call("RecordGuess", { exercise: "A", strategy: "blocking-pool" }),
    ).toMatchObject({
      code: "failed_precondition",
      error: "UNBLOCK_PROGRESS_NOT_SAVED",
    });
    await other.close();
  });

  test.each([
    [{ exercise: "Z", strategy: "async" }, "Expected exercise to be one of A, B, C, D, E, F, G, H"],
    [{ exercise: "", strategy: "" }, "Expected exercise to be one of A, B, C, D, E, F, G, H"],
    [
      { exercise: "A", strategy: "magic" },
      "Expected strategy to be one of blocking-pool, event-loop",
    ],
    [
      { exercise: "A", strategy: "x".repeat(9_000) },
      "Expected strategy to be one of blocking-pool",
    ],
  ])("rejects an invalid guess: %j", async (request, message) => {
    expect(await server.call("RecordGuess", request)).toMatchObject({
      code: "invalid_argument",
      message: expect.stringContaining(message),
    });
    expect(loadProgress(progressFile).state.exercises).toEqual({});
  });
});

describe.each([
  ["HTTP/1.1", callByHttp1],
  ["HTTP/2", callByHttp2],
] as const)("over %s, the progress is not available", (_, call) => {
  const json = JSON.stringify({ exercise: "A", strategy: "blocking-pool" });
  const path = `${service}/RecordGuess`;

  test.each([
    ["under a name that others can point here", "evil.test", {}],
    ["by a page of another site", "localhost", { origin: "http://evil.test" }],
    ["by a page of another port", "localhost", { origin: "http://localhost:1" }],
  ])("%s", async (_, host, headers) => {
    const name = `${host}:${new URL(server.url).port}`;
    expect(await call({ url: server.url, path, name, headers, json })).toMatchObject({
      status: 403,
    });
    expect(loadProgress(progressFile).state.exercises).toEqual({});
  });

  test.skipIf(networkAddress() === undefined)(
    "from another address, with any name and the token",
    async () => {
      const token = "a-token-of-a-test";
      const open = await startTestServer({ progressFile, host: "0.0.0.0", token });
      const { port } = new URL(open.url);
      const name = `localhost:${port}`;
      const headers = { authorization: `Bearer ${token}` };
      const url = `http://${networkAddress()}:${port}`;
      expect(await call({ url, path, name, headers, json })).toMatchObject({ status: 403 });
      const local = `http://127.0.0.1:${port}`;
      expect(await call({ url: local, path, name, json })).toMatchObject({ status: 200 });
      await open.close();
    },
  );
});

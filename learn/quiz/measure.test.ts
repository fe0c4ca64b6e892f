import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { temporaryFolder } from "@unblock/test/folder";
import { describe, expect, test } from "vitest";
import { measure, questionOf } from "./questions.ts";

const never = new AbortController().signal;
const limitMs = 120_000;

async function figuresOf(id: string, way: string) {
  const question = questionOf(id);
  expect(question.measurement.ways).toContain(way);
  const { figures, problem } = await measure(question, way, never);
  expect(problem).toBeUndefined();
  return figures ?? {};
}

describe("the measurements", { timeout: limitMs }, () => {
  test.each([
    ["a hash", "password-hash", "pbkdf2Sync, event loop"],
    ["JSON.parse", "big-json", "event loop"],
    ["gzipSync", "gzip", "gzipSync, event loop"],
    ["a hash of a file at once", "big-file", "readFileSync, event loop"],
  ] as const)("show no turn of the event loop during %s on it", async (_, id, way) => {
    expect(await figuresOf(id, way)).toMatchObject({ loopTurns: 0 });
  });

  test.each([
    ["hashes in libuv's pool", "password-hash", "pbkdf2, libuv's 4 threads"],
    ["hashes in workers", "password-hash", "pbkdf2Sync, a worker per core"],
    ["JSON in a worker", "big-json", "a worker, returns the sum"],
    ["responses in libuv's pool", "gzip", "gzip, libuv's 4 threads"],
    ["responses in workers", "gzip", "gzipSync, a worker per core"],
    ["a file in pieces", "big-file", "stream, event loop"],
    ["a file in a worker", "big-file", "stream, a worker"],
    ["JSON returned whole from a worker", "big-json", "a worker, returns all orders"],
    ["a name lookup", "name-lookups", "lookup of localhost"],
    ["a name lookup beside hashes", "name-lookups", "the same, beside hashes"],
    ["a name lookup in a worker", "name-lookups", "the same, in a worker"],
  ] as const)("show turns of the event loop during %s", async (_, id, way) => {
    const { loopTurns } = await figuresOf(id, way);
    expect(loopTurns).toBeGreaterThan(0);
  });

  test("show more names in progress at once than any pool has threads", async () => {
    const { maxAtOnce } = await figuresOf("name-lookups", "resolve4 beside hashes");
    expect(maxAtOnce).toBeGreaterThan(16);
  });

  test.each(["async, piece by piece", "async, all at its end"])(
    "show that one thread holds more streams than a pool: %s",
    async (way) => {
      const { maxAtOnce, firstTokenMs, wallMs } = await figuresOf("token-stream", way);
      expect(maxAtOnce).toBeGreaterThan(16);
      expect(firstTokenMs).toBeLessThanOrEqual(wallMs ?? 0);
    },
  );

  test("show at most 16 streams with 16 threads", async () => {
    const { maxAtOnce } = await figuresOf("token-stream", "16 threads, one call each");
    expect(maxAtOnce).toBeGreaterThan(1);
    expect(maxAtOnce).toBeLessThanOrEqual(16);
  });
});

describe("a measurement that fails", () => {
  const question = questionOf("big-file");
  const way = "stream, event loop";
  const folder = temporaryFolder();
  const broken = (source: string) => {
    const path = join(folder, "program.ts");
    writeFileSync(path, source);
    return pathToFileURL(path);
  };

  test.each([
    ["throws", 'throw new TypeError("no such thing");', "TypeError: no such thing"],
    ["prints nothing", "", "end of JSON"],
  ])("returns its problem when the program %s", async (_, source, problem) => {
    const measured = await measure(question, way, never, broken(source));
    expect(measured).toMatchObject({ way, figures: undefined });
    expect(measured.problem).toContain(problem);
  });

  test("is killed when the person leaves", async () => {
    const leave = new AbortController();
    const measured = measure(question, way, leave.signal, broken("setInterval(() => {}, 1_000);"));
    leave.abort();
    expect(await measured).toMatchObject({ figures: undefined, problem: expect.any(String) });
  });
});

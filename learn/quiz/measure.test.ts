import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { measure } from "./measure.ts";
import type { Measurement } from "./question.ts";
import { bigFile } from "./questions/big-file.ts";
import { bigJson } from "./questions/big-json.ts";
import { gzip } from "./questions/gzip.ts";
import { nameLookups } from "./questions/name-lookups.ts";
import { passwordHash } from "./questions/password-hash.ts";
import { tokenStream } from "./questions/token-stream.ts";

const never = new AbortController().signal;
const limitMs = 120_000;

async function figuresOf({ measurement }: { measurement: Measurement }, argument: string) {
  const way = measurement.ways.find((one) => one.argument === argument);
  if (way === undefined) {
    throw new Error(`Expected a way ${argument}`);
  }
  const { figures, problem } = await measure(measurement, way, never);
  expect(problem).toBeUndefined();
  return figures ?? {};
}

describe("the measurements", { timeout: limitMs }, () => {
  test.each([
    ["a hash", passwordHash, "on-the-loop"],
    ["JSON.parse", bigJson, "on-the-loop"],
    ["gzipSync", gzip, "on-the-loop"],
    ["a hash of a file at once", bigFile, "at-once"],
  ] as const)("show no turn of the event loop during %s on it", async (_, question, argument) => {
    expect(await figuresOf(question, argument)).toMatchObject({ loopTurns: 0 });
  });

  test.each([
    ["hashes in libuv's pool", passwordHash, "in-libuvs-pool"],
    ["hashes in workers", passwordHash, "in-workers"],
    ["JSON in a worker", bigJson, "in-a-worker"],
    ["responses in libuv's pool", gzip, "in-libuvs-pool"],
    ["responses in workers", gzip, "in-workers"],
    ["a file in pieces", bigFile, "in-pieces"],
    ["a file in a worker", bigFile, "in-a-worker"],
    ["JSON returned whole from a worker", bigJson, "in-a-worker-returning-all"],
    ["a name lookup", nameLookups, "lookup"],
    ["a name lookup beside hashes", nameLookups, "lookup-beside-hashes"],
    ["a name lookup in a worker", nameLookups, "lookup-in-a-worker"],
  ] as const)("show turns of the event loop during %s", async (_, question, argument) => {
    const { loopTurns } = await figuresOf(question, argument);
    expect(loopTurns).toBeGreaterThan(0);
  });

  test("show more names in progress at once than any pool has threads", async () => {
    const { maxAtOnce } = await figuresOf(nameLookups, "resolve");
    expect(maxAtOnce).toBeGreaterThan(16);
  });

  test.each(["async", "async-whole"])(
    "show that one thread holds more streams than a pool: %s",
    async (way) => {
      const { maxAtOnce, firstTokenMs, wallMs } = await figuresOf(tokenStream, way);
      expect(maxAtOnce).toBeGreaterThan(16);
      expect(firstTokenMs).toBeLessThanOrEqual(wallMs ?? 0);
    },
  );

  test("show at most 16 streams with 16 threads", async () => {
    const { maxAtOnce } = await figuresOf(tokenStream, "blocking-pool");
    expect(maxAtOnce).toBeGreaterThan(1);
    expect(maxAtOnce).toBeLessThanOrEqual(16);
  });
});

describe("a measurement that fails", () => {
  const [way] = bigFile.measurement.ways;
  const folder = mkdtempSync(join(tmpdir(), "unblock-broken-"));
  const broken = (source: string) => {
    const path = join(folder, "program.ts");
    writeFileSync(path, source);
    return { ...bigFile.measurement, program: pathToFileURL(path) };
  };

  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    ["throws", 'throw new TypeError("no such thing");', "TypeError: no such thing"],
    ["prints nothing", "", "end of JSON"],
    ["prints something else", "console.log('[\"a\"]')", 'got ["a"]'],
  ])("returns its problem when the program %s", async (_, source, problem) => {
    if (way === undefined) {
      throw new Error("Expected a way to measure");
    }
    const measured = await measure(broken(source), way, never);
    expect(measured).toMatchObject({ way, figures: undefined });
    expect(measured.problem).toContain(problem);
  });

  test("is killed when the person leaves", async () => {
    if (way === undefined) {
      throw new Error("Expected a way to measure");
    }
    const leave = new AbortController();
    const measured = measure(broken("setInterval(() => {}, 1_000);"), way, leave.signal);
    leave.abort();
    expect(await measured).toMatchObject({ figures: undefined, problem: expect.any(String) });
  });
});

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { measure } from "./measure.ts";
import type { Figures } from "./measurements/way.ts";
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

/** The event loop did not come around once while the work went on. */
const loopStoodStill = expect.objectContaining({ loopTurns: 0 });

function turnsOf({ loopTurns = 0 }: Figures): number {
  return loopTurns;
}

describe("what is measured is so", { timeout: limitMs }, () => {
  test.each([
    ["a hash", passwordHash, "on-the-loop"],
    ["JSON.parse", bigJson, "on-the-loop"],
    ["gzipSync", gzip, "on-the-loop"],
    ["a hash of a file at once", bigFile, "at-once"],
  ] as const)(
    "%s on the event loop lets nobody else have a turn",
    async (_, question, argument) => {
      expect(await figuresOf(question, argument)).toEqual(loopStoodStill);
    },
  );

  test.each([
    ["hashes in libuv's pool", passwordHash, "in-libuvs-pool"],
    ["hashes in workers", passwordHash, "in-workers"],
    ["JSON in a worker", bigJson, "in-a-worker"],
    ["responses in libuv's pool", gzip, "in-libuvs-pool"],
    ["responses in workers", gzip, "in-workers"],
    ["a file in pieces", bigFile, "in-pieces"],
    ["a file in a worker", bigFile, "in-a-worker"],
  ] as const)("%s let others have theirs", async (_, question, argument) => {
    expect(turnsOf(await figuresOf(question, argument))).toBeGreaterThan(0);
  });

  test("all orders back from a worker arrive", async () => {
    const figures = await figuresOf(bigJson, "in-a-worker-all-of-it-back");
    expect(turnsOf(figures)).toBeGreaterThan(0);
  });

  test.each(["lookup", "lookup-beside-hashes", "lookup-in-a-worker"])("names: %s", async (way) => {
    expect(await figuresOf(nameLookups, way)).toHaveProperty("wallMs");
  });

  test("more names are resolved at once than any pool has threads", async () => {
    const { mostAtOnce } = await figuresOf(nameLookups, "resolve");
    expect(mostAtOnce).toBeGreaterThan(16);
  });

  test.each(["async", "async-whole"])(
    "one thread holds more streams than a pool: %s",
    async (way) => {
      const { mostAtOnce, firstTokenMs, wallMs } = await figuresOf(tokenStream, way);
      expect(mostAtOnce).toBeGreaterThan(16);
      expect(firstTokenMs).toBeLessThanOrEqual(wallMs ?? 0);
    },
  );

  test("16 threads hold 16 streams at most", async () => {
    const { mostAtOnce } = await figuresOf(tokenStream, "threads");
    expect(mostAtOnce).toBeGreaterThan(1);
    expect(mostAtOnce).toBeLessThanOrEqual(16);
  });
});

describe("a measurement that does not work", () => {
  const [way] = bigFile.measurement.ways;
  const folder = mkdtempSync(join(tmpdir(), "unblock-broken-"));
  const broken = (source: string) => {
    const path = join(folder, "program.ts");
    writeFileSync(path, source);
    return { ...bigFile.measurement, program: pathToFileURL(path) };
  };

  afterAll(() => rmSync(folder, { recursive: true }));

  test.each([
    ["one that throws", 'throw new TypeError("no such thing");', "TypeError: no such thing"],
    ["one that says nothing", "", "end of JSON"],
    [
      "one that says something else",
      "console.log('[\"a\"]')",
      'expected 0 to be a number, got "a"',
    ],
  ])("is told, and is no failure: %s", async (_, source, problem) => {
    if (way === undefined) {
      throw new Error("Expected a way to measure");
    }
    const measured = await measure(broken(source), way, never);
    expect(measured).toMatchObject({ way, figures: undefined });
    expect(measured.problem).toContain(problem);
  });

  test("ends when the person leaves", async () => {
    if (way === undefined) {
      throw new Error("Expected a way to measure");
    }
    const leave = new AbortController();
    const measured = measure(broken("setInterval(() => {}, 1_000);"), way, leave.signal);
    leave.abort();
    expect(await measured).toMatchObject({ figures: undefined, problem: expect.any(String) });
  });
});

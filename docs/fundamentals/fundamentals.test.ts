import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { Code } from "@connectrpc/connect";
import { codeToHttpStatus } from "@connectrpc/connect/protocol-connect";
import { sectionOf } from "@unblock/learn/book/markdown";
import { type RunningCommand, stableLines, startCommand } from "@unblock/test/cli";
import { afterEach, describe, expect, test } from "vitest";
import { codeBlocks, headings } from "../testing/documents.ts";

const document = readFileSync(new URL("../fundamentals.md", import.meta.url), "utf8");

interface Part {
  readonly heading: string;
  readonly program: URL;
  /** Output lines that prove the part's text, in order. */
  readonly claims: readonly string[];
}

const parts: readonly Part[] = [
  {
    heading: "The event loop",
    program: new URL("./event-loop.ts", import.meta.url),
    claims: [
      "1 poll:   the callback of readFile, to its end",
      "2 check:  setImmediate",
      "3 close:  the socket is closed",
      "4 timers: setTimeout(0)",
    ],
  },
  {
    heading: "Microtasks",
    program: new URL("./microtasks.ts", import.meta.url),
    claims: [
      "1 the callback itself, to its end",
      "2 process.nextTick",
      "3 a promise's then",
      "4 setImmediate: the loop's next turn",
      "await what is there already: the timer comes after 20 of 20 slices",
      "await the loop's next turn: the timer comes in between",
    ],
  },
  {
    heading: "Blocking the loop",
    program: new URL("./blocking.ts", import.meta.url),
    claims: [
      "pbkdf2Sync: the loop is blocked by computing",
      "execFileSync: the loop is blocked by waiting",
      "pbkdf2: the loop is free",
      "setTimeout: the loop is free",
    ],
  },
  {
    heading: "libuv's pool",
    program: new URL("./libuv-pool.ts", import.meta.url),
    claims: ["stat waits until at least 5 of 8 hashes have ended", "stat goes ahead"],
  },
  {
    heading: "Asynchronous I/O",
    program: new URL("./asynchronous-io.ts", import.meta.url),
    claims: [
      "1000 calls wait at once",
      "meanwhile the event loop is idle",
      "1000 calls have their response",
    ],
  },
  {
    heading: "Worker threads",
    program: new URL("./worker-threads.ts", import.meta.url),
    // On one thread, on as many as there are cores, and on four times as many.
    claims: Array.from(
      { length: 3 },
      () => "shared memory: 16 tasks done; copied list: 0; loop: goes on",
    ),
  },
  {
    heading: "Pools for blocking calls",
    program: new URL("./blocking-pool.ts", import.meta.url),
    claims: [
      "8 queries block at once, 4 wait for a thread",
      "8 threads that wait 300 ms take hardly any CPU",
      "results: 3 3 3 3 3 3 3 3 3 3 3 3",
    ],
  },
  {
    heading: "Processes and cluster",
    program: new URL("./processes.ts", import.meta.url),
    claims: [
      "10 calls on one connection: 1 of 2 processes responded",
      "10 calls, each on a new one: 2 of 2 processes responded",
      "10 more, one process is dead: 1 of 2 processes responded",
    ],
  },
  {
    heading: "Queues and back-pressure",
    program: new URL("./queues.ts", import.meta.url),
    claims: [
      "of 10 callers 2 run, 3 wait, and 5 are rejected",
      "in the end these have run: 1, 2, 3, 5",
      "a queue without end: 192 in time, 2808 too late, 0 rejected at once",
      "a queue of 250 ms:   2410 in time, 0 too late, 590 rejected at once",
    ],
  },
  {
    heading: "After the reply",
    program: new URL("./after-the-reply.ts", import.meta.url),
    claims: [
      "the reply has left, and that cancels the event",
      "caller 3: 503",
      "after the replies: 2 in progress, 0 stored",
      "after shutdown: 2 stored, 0 lost",
    ],
  },
  {
    heading: "Waiting for several things",
    program: new URL("./several-things.ts", import.meta.url),
    claims: [
      "wait: five have been started, 0 are done",
      "compute: five have been started, 5 are done",
      "one fails: 4 others go on",
      "one fails and the others are cancelled: 0 go on",
    ],
  },
];

let command: RunningCommand | undefined;
afterEach(() => {
  command?.child.kill("SIGKILL");
});

describe.each(parts)("$heading", ({ heading, program, claims }) => {
  const section = sectionOf(document, heading);

  test("contains its program", () => {
    expect(codeBlocks(section, "ts").join("\n")).toBe(readFileSync(program, "utf8"));
  });

  test("shows its program's output, which proves the text", async () => {
    command = startCommand(process.execPath, [fileURLToPath(program)]);
    const code = await command.exited;
    expect({ code, stderr: command.stderr() }).toEqual({ code: 0, stderr: "" });
    const lines = stableLines(command.stdout());
    expect(lines.filter((line) => claims.includes(line))).toEqual(claims);
    const [call, ...shown] = stableLines(codeBlocks(section, "console").join("\n"));
    expect(call).toBe(`$ node docs/fundamentals/${basename(program.pathname)}`);
    expect(lines).toEqual(shown);
  });

  test("ends with its exercises", () => {
    const last = section.trim().split("\n\n").at(-1);
    expect(last).toMatch(/^Exercises: .*\(\.\.\/exercises\/[a-z-]+\/README\.md\)/);
  });
});

test("has all parts in order, and a table for Python at the end", () => {
  expect(headings(document, 2)).toEqual([
    ...parts.map(({ heading }) => heading),
    "Coming from Python",
  ]);
  expect(sectionOf(document, "Coming from Python")).toContain("| Python, FastAPI | Node | mind |");
});

describe("the text lists the calls in libuv's pool", () => {
  const [, list = "", others = ""] =
    /reports the end to the loop:\n(.*?)\nNot in the pool:(.*?)\[uses-pool/s.exec(document) ?? [];

  test.each([
    ["in the pool", "fs.watchFile", list],
    ["in the pool", "dns.lookup", list],
    ["in the pool", "pbkdf2", list],
    ["in the pool", "scrypt", list],
    ["in the pool", "argon2", list],
    ["in the pool", "hkdf", list],
    ["in the pool", "randomBytes", list],
    ["in the pool", "generateKeyPair", list],
    ["in the pool", "sign", list],
    ["in the pool", "crypto.subtle", list],
    ["in the pool", "gzip", list],
    ["in the pool", "brotliCompress", list],
    ["in the pool", "zstdCompress", list],
    ["not in the pool", "fs.watch", others],
    ["not in the pool", "dns.resolve", others],
  ])("%s: %s", async (where, name, text) => {
    const program = fileURLToPath(new URL("./uses-pool.ts", import.meta.url));
    const command = startCommand(process.execPath, [program, name], { UV_THREADPOOL_SIZE: "1" });
    await command.exited;
    expect(command.stdout()).toBe(where);
    const written: Record<string, string> = { brotliCompress: "Brotli", zstdCompress: "Zstandard" };
    expect(text).toContain(written[name] ?? name);
  });
});

test("structured clone behaves as the text says", () => {
  class Own extends Error {}
  const clones: [unknown, unknown][] = [
    [new Map([[1, new Set([new Date(0)])]]), new Map([[1, new Set([new Date(0)])]])],
    [Buffer.from("a"), new Uint8Array([97])],
    [
      new (class Point {
        x = 1;
      })(),
      { x: 1 },
    ],
  ];
  for (const [value, clone] of clones) {
    expect(structuredClone(value)).toStrictEqual(clone);
  }
  const error = structuredClone(Object.assign(new RangeError("a", { cause: 1 }), { code: "E" }));
  expect([error.constructor, error.cause, "code" in error]).toEqual([RangeError, 1, false]);
  expect(structuredClone(new Own("a")).constructor).toBe(Error);
  expect(structuredClone(new AggregateError([], "a")).constructor).toBe(Error);
  for (const value of [
    () => {},
    Symbol("a"),
    Promise.resolve(),
    new URL("http://a"),
    new Headers(),
  ]) {
    expect(() => structuredClone(value)).toThrow(DOMException);
  }
  expect(document).toContain("`URL`, `Headers` and `Proxy` throw a `DataCloneError`");
});

test("a rejected call is HTTP 429, as in the text", () => {
  expect(codeToHttpStatus(Code.ResourceExhausted)).toBe(429);
  expect(document).toContain("`resource_exhausted`, HTTP 429");
  expect(document).not.toContain("HTTP 503");
});

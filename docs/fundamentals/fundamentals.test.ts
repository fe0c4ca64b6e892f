import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { Code } from "@connectrpc/connect";
import { codeToHttpStatus } from "@connectrpc/connect/protocol-connect";
import { afterEach, describe, expect, test } from "vitest";
import { type RunningCommand, stableLines, startCommand } from "../../testing/cli.ts";

const documentUrl = new URL("../fundamentals.md", import.meta.url);
const document = readFileSync(documentUrl, "utf8");

interface Part {
  readonly heading: string;
  readonly program: URL;
  /** The lines without which the part would have shown nothing, in their order. */
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
      "1000 calls have their answer",
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
      "answers: 3 3 3 3 3 3 3 3 3 3 3 3",
    ],
  },
  {
    heading: "Processes and cluster",
    program: new URL("./processes.ts", import.meta.url),
    claims: [
      "10 calls on one connection: answered by 1",
      "10 calls, each on a new one: answered by 2",
      "10 more, one process is dead: answered by 1",
    ],
  },
  {
    heading: "Queues and back-pressure",
    program: new URL("./queues.ts", import.meta.url),
    claims: [
      "of 10 callers 2 run, 3 wait, and 5 are refused",
      "in the end these have run: 1, 2, 3, 5",
      "a queue without end: 192 in time, 2808 too late, 0 refused at once",
      "a queue of 250 ms:   2410 in time, 0 too late, 590 refused at once",
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
      "one fails and the others are told: 0 go on",
    ],
  },
];

/** The text under a heading of the second level. */
function sectionOf(heading: string): string {
  const [, section] = document.split(`\n## ${heading}\n`);
  return section?.split("\n## ")[0] ?? "";
}

/** What stands in the section's only block of this language. */
function blockOf(section: string, language: string): string {
  const blocks = [...section.matchAll(/^```(\w+)\n(.*?)^```$/gms)];
  return blocks.flatMap(([, name, text]) => (name === language ? [text] : [])).join("\n");
}

/** The anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return `#${heading
    .toLowerCase()
    .replaceAll(/[^\w -]/g, "")
    .replaceAll(" ", "-")}`;
}

let command: RunningCommand | undefined;
afterEach(() => {
  command?.child.kill("SIGKILL");
});

describe.each(parts)("$heading", ({ heading, program, claims }) => {
  const section = sectionOf(heading);

  test("shows its program as it is", () => {
    expect(blockOf(section, "ts")).toBe(readFileSync(program, "utf8"));
  });

  test("shows what its program prints, and that is what the part claims", async () => {
    command = startCommand(process.execPath, [fileURLToPath(program)]);
    const code = await command.exited;
    expect({ code, stderr: command.stderr() }).toEqual({ code: 0, stderr: "" });
    const lines = stableLines(command.stdout());
    expect(lines.filter((line) => claims.includes(line))).toEqual(claims);
    const [call, ...shown] = stableLines(blockOf(section, "console"));
    expect(call).toBe(`$ node docs/fundamentals/${basename(program.pathname)}`);
    expect(lines).toEqual(shown);
  });

  test("names its exercises at its end", () => {
    const last = section.trim().split("\n\n").at(-1);
    expect(last).toMatch(/^Exercises: .*\(\.\.\/server\/exercises\/[a-z-]+\/README\.md\)/);
  });
});

test("has its parts in their order, and ends with a table for those who know Python", () => {
  const headings = [...document.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
  expect(headings).toEqual([...parts.map(({ heading }) => heading), "Coming from Python"]);
  expect(sectionOf("Coming from Python")).toContain("| Python, FastAPI | Node | mind |");
});

test("links to what is there", () => {
  const targets = [...document.matchAll(/\]\(([^)]+)\)/g)].flatMap(([, target]) => target ?? []);
  const anchors = new Set(
    [...document.matchAll(/^## (.*)$/gm)].map(([, it]) => anchorOf(it ?? "")),
  );
  const dead = targets.filter((target) =>
    target.startsWith("#") ? !anchors.has(target) : !existsSync(new URL(target, documentUrl)),
  );
  expect(targets).toContain("#libuvs-pool");
  expect(dead).toEqual([]);
});

describe("libuv's pool runs what the text says", () => {
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

test("structured clone keeps and loses what the text says", () => {
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

test("a rejected call is HTTP 429, as the server answers it", () => {
  expect(codeToHttpStatus(Code.ResourceExhausted)).toBe(429);
  expect(document).toContain("`resource_exhausted`, HTTP 429");
  expect(document).not.toContain("HTTP 503");
});

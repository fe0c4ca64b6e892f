/** Programs bundled into one long line, with and without source maps. */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "@unblock/test/folder";
import { build } from "vite";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { originalOf } from "./source-map.ts";
import { callUntilFound, startApp, stopApps } from "./test/start-app.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const sources = {
  "package.json": '{"type":"module"}',
  "node_modules/a-package/package.json": '{"name":"a-package","type":"module","main":"index.js"}',
  "node_modules/a-package/index.js": `const cell = new Int32Array(new SharedArrayBuffer(4));
export function waitInPackage(ms) {
  Atomics.wait(cell, 0, 0, ms);
}
`,
  "src/users.ts": `import { hash } from "node:crypto";

export function hashUser(rounds: number): string {
  let value = "data";
  for (let round = 0; round < rounds; round++) {
    value = hash("sha256", value);
  }
  return value;
}

export async function track(): Promise<void> {
  await null;
  throw new Error("the log is full"); // rejects
}
`,
  "src/app.ts": `import { createServer } from "node:http";
import { waitInPackage } from "a-package";
import { hashUser, track } from "./users.ts";

process.on("unhandledRejection", () => {});

const routes: Record<string, () => unknown> = {
  "/hash": () => hashUser(800_000),
  "/wait": () => {
    waitInPackage(300); // blocks: waitInPackage
  },
  "/track": () => void track(),
};

const server = createServer((request, response) => {
  response.end(String(routes[request.url ?? ""]?.()));
});
server.listen(0, "127.0.0.1", () => {
  console.log("http://127.0.0.1:" + (server.address() as { port: number }).port);
});
`,
};

const folder = temporaryFolder(sources);
const bundle = (name: string) => join(folder, name, "app.js");

beforeAll(async () => {
  for (const [name, sourcemap] of [
    ["plain", false],
    ["mapped", true],
    ["inline", "inline"],
  ] as const) {
    await build({
      configFile: false,
      root: folder,
      logLevel: "error",
      ssr: { noExternal: true },
      build: { ssr: "src/app.ts", outDir: name, minify: true, sourcemap, target: "node24" },
    });
  }
  // The maps contain the sources, which need not exist where the program runs.
  rmSync(join(folder, "src"), { recursive: true });
});
afterEach(stopApps);

const lineOf = (file: keyof typeof sources, text: string) =>
  sources[file].split("\n").findIndex((line) => line.includes(text)) + 1;

describe("in a bundle of one line", () => {
  test("a finding has a column and at most 120 characters around it", async () => {
    const file = bundle("plain");
    const text = readFileSync(file, "utf8");
    expect(text.trimEnd().split("\n")).toHaveLength(1);
    const app = await startApp("bundle", { file });
    const around = {
      "loop-blocked-by-cpu": "sha256",
      "loop-blocked-by-waiting": "Atomics.wait",
      "unhandled-rejection": "the log is full",
    };
    const location = { file, line: 1, column: expect.any(Number) };
    await callUntilFound(app, "/hash", { ...location, diagnosis: "loop-blocked-by-cpu" });
    await callUntilFound(app, "/wait", { ...location, diagnosis: "loop-blocked-by-waiting" });
    await app.call("/track");
    const found = (await app.findings()).filter(({ line }) => line !== null);
    expect(found.map(({ diagnosis }) => diagnosis).sort()).toEqual(Object.keys(around));
    const wanted = new Map(Object.entries(around));
    for (const { diagnosis, column, code } of found) {
      expect(code?.length).toBeLessThanOrEqual(120);
      const part = code?.replace(/^…/, "").replace(/…$/, "") ?? "";
      const begin = text.indexOf(part);
      expect(begin).toBeGreaterThanOrEqual(0);
      expect(column).toBeGreaterThan(begin);
      expect(column).toBeLessThanOrEqual(begin + part.length);
      expect(code).toContain(wanted.get(diagnosis));
    }
  });

  test.each(["mapped", "inline"])("a source map gives the original lines: %s", async (name) => {
    const app = await startApp("bundle", { file: bundle(name) });
    const loop = lineOf("src/users.ts", "for (");
    await callUntilFound(app, "/hash", {
      diagnosis: "loop-blocked-by-cpu",
      file: join(folder, "src/users.ts"),
      line: expect.toBeOneOf([loop, loop + 1]),
    });
    // Not the line in the package.
    await callUntilFound(app, "/wait", {
      diagnosis: "loop-blocked-by-waiting",
      file: join(folder, "src/app.ts"),
      line: lineOf("src/app.ts", "// blocks"),
      column: null,
      code: "waitInPackage(300); // blocks: waitInPackage",
    });
    await callUntilFound(app, "/track", {
      diagnosis: "unhandled-rejection",
      file: join(folder, "src/users.ts"),
      line: lineOf("src/users.ts", "// rejects"),
    });
  });
});

describe("a source map", () => {
  const map = {
    version: 3,
    sources: ["a b.ts"],
    sourcesContent: ["one\ntwo\n"],
    names: ["called"],
    // Column 0 is line 1, and column 5 is line 2, with a name.
    mappings: "AAAA,KACAA",
  };
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const inline = (json: object) =>
    `//# sourceMappingURL=data:application/json;charset=utf-8;base64,${Buffer.from(JSON.stringify(json)).toString("base64")}`;

  test.each([
    ["inline as Base64", inline(map)],
    [
      "inline as text",
      `//# sourceMappingURL=data:application/json,${encodeURIComponent(JSON.stringify(map))}`,
    ],
    ["after another comment", `//# sourceMappingURL=none.map\n${inline(map)}`],
    ["in sections", inline({ version: 3, sections: [{ offset: { line: 0, column: 0 }, map }] })],
  ])("is read: %s", (name, comment) => {
    const file = write(`${name}.js`, `12345678\n${comment}\n`);
    const original = { file: join(folder, "a b.ts"), line: 2, column: 1, name: "called" };
    expect(originalOf(file, { line: 1, column: 6 })).toEqual(original);
    expect(originalOf(file, { line: 1, column: 3 })).toMatchObject({ line: 1, name: undefined });
    // A line without mappings.
    expect(originalOf(file, { line: 2, column: 1 })).toBe(undefined);
  });

  test.each([
    ["relative to its root", { sourceRoot: "../src" }, join(folder, "../src/a b.ts")],
    ["as a bundler's URL", { sources: ["webpack://shop/./src/a.ts"] }, "webpack://shop/./src/a.ts"],
    ["as a file's URL", { sources: ["file:///src/a%20b.ts"] }, "/src/a b.ts"],
  ])("can name its sources %s", (name, more, wanted) => {
    const file = write(`${name}.js`, `12345678\n${inline({ ...map, ...more })}\n`);
    expect(originalOf(file, { line: 1, column: 1 })?.file).toBe(wanted);
  });

  test.each([
    ["missing", "//# sourceMappingURL=missing.map"],
    ["invalid JSON", "//# sourceMappingURL=data:application/json,{"],
    ["no map", inline({})],
    ["on the network", "//# sourceMappingURL=https://example.com/app.js.map"],
    ["with a broken escape", "//# sourceMappingURL=data:application/json,%"],
  ])("is ignored: %s", (name, comment) => {
    const file = write(`${name}.js`, `12345678\n${comment}\n`);
    expect(originalOf(file, { line: 1, column: 1 })).toBe(undefined);
  });
});

/** One cause in many lines: a function, a package, and what they are called from. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { type App, callUntilReported, startApp } from "./apps/start-app.ts";

vi.setConfig({ testTimeout: 60_000 });

const ten = Array.from({ length: 10 }, (_, index) => index);
const sources = {
  "node_modules/driver/index.js": `
const cell = new Int32Array(new SharedArrayBuffer(4));
${ten.map((n) => `exports.query${n} = () => Atomics.wait(cell, 0, 0, ${n === 7 ? 400 : 60});`).join("\n")}
`,
  "app.cjs": `const { createServer } = require("node:http");
const { execSync } = require("node:child_process");
const driver = require("driver");
const cell = new Int32Array(new SharedArrayBuffer(4));

const routes = {
  "/package"() {
    ${ten.map((n) => `driver.query${n}(); // line ${n}`).join("\n    ")}
  },
  "/function"() {
    ${ten.map((n) => `Atomics.wait(cell, 0, 0, ${n === 3 ? 500 : 60}); // wait ${n}`).join("\n    ")}
  },
  "/reject"() {
    async function track(n) {
      if (n % 2) throw new Error("odd"); // reject 1
      if (n > 4) throw new Error("large"); // reject 2
      throw new Error("small"); // reject 3
    }
    for (let n = 0; n < 10; n++) track(n);
    for (let n = 0; n < 10; n++) Promise.reject("user " + n);
  },
  ${ten.map((n) => `"/call${n}": () => execSync("sleep ${n === 2 ? 0.4 : 0.1}"), // call ${n}`).join("\n  ")}
};
process.on("unhandledRejection", () => {});
createServer(async (request, response) => {
  const path = request.url;
  for (const route of Object.keys(routes).filter((route) => route.startsWith(path))) {
    routes[route]();
    await new Promise(setImmediate);
  }
  response.end("done");
}).listen(0, "127.0.0.1", function () {
  console.log("http://127.0.0.1:" + this.address().port);
});
`,
};

const folder = realpathSync(mkdtempSync(join(tmpdir(), "diagnose-grouping-")));
const file = join(folder, "app.cjs");
beforeAll(() => {
  for (const [name, text] of Object.entries(sources)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

let app: App | undefined;
afterEach(async () => {
  app?.child.kill("SIGKILL");
  await app?.exited;
});

const lineOf = (mark: string) =>
  sources["app.cjs"].split("\n").findIndex((line) => line.endsWith(`// ${mark}`)) + 1;
const titles = (report: string) =>
  [...report.matchAll(/^([a-z-]+)( at .*)?$/gm)].map(([title]) => title);

test.each([
  ["of one package", "/package", "line 7", "It was in the package driver."],
  ["of one function", "/function", "wait 3", ""],
  ["of one call that blocks", "/call", "call 2", "(execSync, "],
])(
  "what blocks at ten lines %s is one finding, the worst line first",
  async (_, path, worst, says) => {
    app = await startApp("grouping", { file });
    const wanted = new RegExp(`:${lineOf(worst)}$`, "m");
    const report = await callUntilReported(app, path, wanted);
    expect(titles(report)).toEqual([`loop-blocked-by-waiting at ${file}:${lineOf(worst)}`]);
    expect(report).toContain(says);
    expect(report).toMatch(
      path === "/call" ? /\d times, .* and \d more lines?\./ : /while its thread waited/,
    );
  },
);

test("two causes are two findings", async () => {
  app = await startApp("grouping", { file });
  await callUntilReported(app, "/package", /driver/);
  const report = await callUntilReported(app, "/function", /^loop[\s\S]*^loop/m);
  expect(titles(report).sort()).toEqual(
    [
      `loop-blocked-by-waiting at ${file}:${lineOf("wait 3")}`,
      `loop-blocked-by-waiting at ${file}:${lineOf("line 7")}`,
    ].sort(),
  );
});

test("rejections of one function are one finding, and so are those that say no line", async () => {
  app = await startApp("grouping", { file });
  await app.call("/reject");
  const report = await app.report();
  expect(titles(report).sort()).toEqual([
    "unhandled-rejection",
    `unhandled-rejection at ${file}:${lineOf("reject 1")}`,
  ]);
  expect(report.match(/rejected 10 times/g)).toHaveLength(2);
  expect(report).toContain(
    `The same at ${file}:${lineOf("reject 3")} (track, 3 times) and ${file}`,
  );
});

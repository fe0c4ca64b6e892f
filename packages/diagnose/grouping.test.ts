/** Findings of one cause that has many lines: a function, a package, a blocking call. */
import { join } from "node:path";
import { temporaryFolder } from "@unblock/test/folder";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { type App, callUntilFound, startApp, stopApps } from "./test/start-app.ts";

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

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

const file = join(temporaryFolder(sources), "app.cjs");
let app: App;
beforeAll(async () => {
  app = await startApp("grouping", { file });
});
afterAll(stopApps);

const lineOf = (mark: string) =>
  sources["app.cjs"].split("\n").findIndex((line) => line.endsWith(`// ${mark}`)) + 1;

test.each([
  ["a package", "/package", "line 7", "package driver", 0],
  ["a function", "/function", "wait 3", "function /function", 0],
  ["a blocking call", "/call", "call 2", "call execSync", 5],
])(
  "reports ten lines of %s as one finding, the worst line first",
  async (...[, path, worst, cause, minOthers]) => {
    const id = expect.stringContaining(`loop-blocked-by-waiting ${cause}`);
    const line = lineOf(worst);
    const findings = await callUntilFound(app, path, { file, line, id });
    const ofCause = findings.filter(({ id }) => id.includes(cause));
    expect(ofCause).toHaveLength(1);
    expect(ofCause[0]?.other_lines.length).toBeGreaterThanOrEqual(minOthers);
    expect(ofCause[0]?.other_lines.map((other) => other.line)).not.toContain(line);
  },
);

test("reports each cause as one finding, and no blockage without a line", async () => {
  const findings = await app.findings();
  expect(new Set(findings.map(({ id }) => id)).size).toBe(findings.length);
  expect(findings.length).toBeGreaterThanOrEqual(3);
  expect(findings.every(({ line }) => line !== null)).toBe(true);
});

test("reports rejections of one function as one finding, and those without a line as another", async () => {
  await app.call("/reject");
  const findings = await app.findings();
  const rejections = findings.filter(({ diagnosis }) => diagnosis === "unhandled-rejection");
  expect(rejections).toHaveLength(2);
  expect(rejections.map(({ numbers }) => numbers.rejections)).toEqual([10, 10]);
  expect(rejections).toContainEqual(expect.objectContaining({ file: null, line: null }));
  const withLine = rejections.find(({ line }) => line === lineOf("reject 1"));
  expect(withLine?.other_lines).toEqual([
    expect.objectContaining({ line: lineOf("reject 3"), count: 3, calls: "track" }),
    expect.objectContaining({ line: lineOf("reject 2"), count: 2, calls: "track" }),
  ]);
});

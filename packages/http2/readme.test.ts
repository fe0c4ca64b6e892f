import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:http2";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { resolveOptions } from "./server/options.ts";
import { closeLater } from "./testing/close-later.ts";

const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const readme = readFileSync(pathOf("README.md"), "utf8");

/** Runs an example; its process is killed after the test. */
function start(
  name: string,
  ...args: readonly string[]
): ChildProcessByStdio<null, Readable, null> {
  const child = spawn(process.execPath, [pathOf(name), ...args], {
    env: { ...process.env, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  closeLater(() => child.kill("SIGKILL"));
  return child;
}

test("shows the examples as they are, and they do what it says", async () => {
  for (const name of ["examples/server.ts", "examples/client.ts"]) {
    expect(readme).toContain(readFileSync(pathOf(name), "utf8"));
  }
  const server = start("examples/server.ts");
  const [output] = await once(server.stdout, "data");
  const url = `http://127.0.0.1:${/port: (\d+)/.exec(String(output))?.[1]}`;
  const client = start("examples/client.ts", url);
  expect((await text(client.stdout)).match(/200 hello yes/g)).toHaveLength(3);
  const session = connect(url);
  const post = async (path: string) => {
    const stream = session.request({ ":method": "POST", ":path": path });
    stream.end("hello");
    const [[{ ":status": status }], body] = await Promise.all([
      once(stream, "response"),
      text(stream),
    ]);
    return { status, body };
  };
  expect(await post("/upper")).toEqual({ status: 200, body: "HELLO" });
  expect(await post("/other")).toEqual({ status: 404, body: "" });
  server.kill("SIGTERM");
  await Promise.all([once(session, "close"), once(server, "exit")]);
  expect(server.exitCode).toBe(0);
});

test("lists every option with its default", () => {
  const limits = resolveOptions({});
  const options = Object.entries(limits).filter(([name]) => name !== "rates");
  for (const [name, value] of options) {
    const shown = value === undefined ? "none" : value.toLocaleString("en");
    expect(readme).toContain(`| \`${name}\` | ${shown} |`);
  }
  for (const [name, { burst, perSecond, perFrameSent = 0 }] of Object.entries(limits.rates)) {
    const shown = [burst, perSecond, perFrameSent].map((value) => value.toLocaleString("en"));
    expect(readme).toContain(`| \`${name}\` | ${shown.join(" | ")} |`);
  }
});
